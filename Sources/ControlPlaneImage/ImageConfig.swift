// How the image is run when nobody says otherwise: as an ordinary user, with its own health check, without a shell.
import FleetModel

/// The image's configuration (OCI image specification, config.md, with Docker's health check).
struct ImageConfig {
    let architecture: String
    /// SHA-256 of the layer's tar.
    let layer: String
    var hasPrivateLibraries = false
    /// Left out while the reference is computed from all the rest.
    var reference: String?

    private static let entryPoint = "/usr/local/bin/muster"
    private static let created = JSONValue.string("1970-01-01T00:00:00Z")
    private static let nanoseconds = 1_000_000_000

    var json: String {
        JSONValue.object([
            "architecture": .string(architecture), "os": .string("linux"), "created": Self.created,
            "config": .object(config),
            "history": .array([.object(["created": Self.created, "created_by": .string("muster image")])]),
            "rootfs": .object(["type": .string("layers"), "diff_ids": .array([.string("sha256:" + layer)])]),
        ]).canonicalText
    }

    private var config: [String: JSONValue] {
        [
            "User": .string("\(ImageEntry.user):\(ImageEntry.user)"), "WorkingDir": .string("/"),
            "Entrypoint": .array([.string(Self.entryPoint)]), "Cmd": .array([.string("serve")]),
            "Env": .array(environment.map { .string($0) }), "StopSignal": .string("SIGTERM"),
            "ExposedPorts": .object(["8443/tcp": .object([:])]), "Healthcheck": healthCheck,
            "Labels": .object(reference.map { ["io.muster.image": .string($0)] } ?? [:]),
        ]
    }

    private var environment: [String] {
        ["PATH=/usr/local/bin"] + (hasPrivateLibraries ? ["LD_LIBRARY_PATH=\(SharedLibrary.privateFolder)"] : [])
    }

    /// Every 5 s, and unhealthy after 3 failures: Swarm replaces a hung control plane within 27 s. At half of it a slow
    /// migration would be killed, at twice of it the lab's tests wait a minute. A probe costs some 50 ms of
    /// CPU (a start of this program, a TLS handshake, Docker's own `exec`): 1 % of a core.
    private var healthCheck: JSONValue {
        .object([
            "Test": .array(["CMD", Self.entryPoint, "serve", "--probe"].map { .string($0) }),
            "Interval": .integer(5 * Self.nanoseconds), "Timeout": .integer(4 * Self.nanoseconds),
            "StartPeriod": .integer(20 * Self.nanoseconds), "Retries": .integer(3),
        ])
    }
}
