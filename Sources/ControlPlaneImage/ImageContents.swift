// An image before it is a file: its entries, its configuration and the names that follow from their bytes. The archive
// is both a docker-archive (manifest.json, for every engine since 1.10) and an OCI layout, over the same blobs.
import FleetModel

struct ImageContents {
    /// Bytes and what they hash to.
    struct Blob: Hashable, Sendable {
        let digest: String
        let byteCount: Int
    }

    let entries: [ImageEntry]
    let layer: Blob
    let reference: String
    let notes: [String]
    private let config: [UInt8]

    init(program: ELFFile, libraries: [SharedLibrary]) throws(FleetProblem) {
        let entries = ImageEntry.all(program: program, libraries: libraries)
        let digest = SHA256Digest()
        try entries.stream(to: digest.add)
        let layer = Blob(digest: digest.hex(), byteCount: digest.byteCount)
        var config = ImageConfig(architecture: program.architecture, layer: layer.digest)
        config.hasPrivateLibraries = libraries.contains { $0.imagePath.hasPrefix(SharedLibrary.privateFolder) }
        let identity = SHA256Digest.hex(Array(config.json.utf8))
        reference = "muster:" + identity.prefix(12)
        config.reference = reference
        (self.entries, self.layer, self.config) = (entries, layer, Array(config.json.utf8))
        notes = ImageNotes.all(program: program, libraries: libraries)
    }

    /// Sends the whole archive, uncompressed. Fails if a source has changed since the names were computed.
    func stream(to sink: ByteSink) throws(FleetProblem) {
        let config = Blob(of: config)
        let manifest = ociManifest(config)
        let manifestBlob = Blob(of: manifest)
        for folder in ["blobs/", "blobs/sha256/"] {
            try send(TarHeader(name: folder, mode: 0o755, byteCount: 0, isFolder: true).bytes(), to: sink)
        }
        try streamLayer(to: sink)
        try member("blobs/sha256/" + config.digest, self.config, to: sink)
        try member("blobs/sha256/" + manifestBlob.digest, manifest, to: sink)
        try member("index.json", index(manifestBlob), to: sink)
        try member("manifest.json", dockerManifest(config), to: sink)
        try member("oci-layout", Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8), to: sink)
        try send(TarHeader.end, to: sink)
    }

    private func member(_ name: String, _ bytes: [UInt8], to sink: ByteSink) throws(FleetProblem) {
        try send(TarHeader(name: name, byteCount: bytes.count).bytes(), to: sink)
        try send(bytes, to: sink)
        try send(TarHeader.padding(after: bytes.count), to: sink)
    }

    private func streamLayer(to sink: ByteSink) throws(FleetProblem) {
        try send(TarHeader(name: "blobs/sha256/" + layer.digest, byteCount: layer.byteCount).bytes(), to: sink)
        let digest = SHA256Digest()
        try entries.stream { (bytes) throws(FleetProblem) in
            digest.add(bytes)
            try sink(bytes)
        }
        guard digest.hex() == layer.digest else {
            throw FleetProblem(
                .unavailable, "image-source-changed", subject: "image",
                "the executable or a library was changed while the image was being made",
                hint: "wait until the build or the package upgrade has ended, and run the command again")
        }
        try send(TarHeader.padding(after: layer.byteCount), to: sink)
    }
}

extension ImageContents.Blob {
    init(of bytes: [UInt8]) { self.init(digest: SHA256Digest.hex(bytes), byteCount: bytes.count) }

    fileprivate func descriptor(_ mediaType: String, _ annotations: JSONValue? = nil) -> JSONValue {
        var members: [String: JSONValue] = [
            "mediaType": .string("application/vnd.oci.image." + mediaType), "digest": .string("sha256:" + digest),
            "size": .integer(byteCount),
        ]
        members["annotations"] = annotations
        return .object(members)
    }
}

extension ImageContents {
    private func ociManifest(_ config: Blob) -> [UInt8] {
        Self.bytes([
            "schemaVersion": .integer(2), "mediaType": .string("application/vnd.oci.image.manifest.v1+json"),
            "config": config.descriptor("config.v1+json"), "layers": .array([layer.descriptor("layer.v1.tar")]),
        ])
    }

    /// The annotations are where containerd, and so Docker with its image store, finds the name.
    private func index(_ manifest: Blob) -> [UInt8] {
        let names: JSONValue = .object([
            "io.containerd.image.name": .string("docker.io/library/" + reference),
            "org.opencontainers.image.ref.name": .string(String(reference.drop { $0 != ":" }.dropFirst())),
        ])
        return Self.bytes([
            "schemaVersion": .integer(2), "mediaType": .string("application/vnd.oci.image.index.v1+json"),
            "manifests": .array([manifest.descriptor("manifest.v1+json", names)]),
        ])
    }

    private func dockerManifest(_ config: Blob) -> [UInt8] {
        let image: JSONValue = .object([
            "Config": .string("blobs/sha256/" + config.digest), "RepoTags": .array([.string(reference)]),
            "Layers": .array([.string("blobs/sha256/" + layer.digest)]),
        ])
        return Array(JSONValue.array([image]).canonicalText.utf8)
    }

    private static func bytes(_ members: [String: JSONValue]) -> [UInt8] {
        Array(JSONValue.object(members).canonicalText.utf8)
    }
}
