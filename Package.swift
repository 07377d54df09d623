// swift-tools-version: 6.2
// The package graph is the architecture: docs/architecture.md explains each target, TidyTests holds the imports to it.
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

/// A code target below `Sources/`.
func code(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(name)", swiftSettings: settings)
}

/// A code target in which simulations spend their time. `MUSTER_OPTIMIZE=1`, which the Makefile sets, optimises it in
/// debug builds, too (ADR 0022).
func hot(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    let target = code(name, dependencies)
    guard Context.environment["MUSTER_OPTIMIZE"] == "1" else { return target }
    target.swiftSettings = settings + [.unsafeFlags(["-O"], .when(configuration: .debug))]
    return target
}

/// A folder of data at the top level, compiled into the binary by a few lines of Swift that lie beside it.
func data(_ name: String, path: String, embed folders: [String], exclude: [String] = []) -> Target {
    .target(
        name: name, path: path, exclude: exclude, resources: folders.map { .embedInCode($0) }, swiftSettings: settings)
}

/// A test target below `Tests/`.
func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude, swiftSettings: settings)
}

/// The scripts that run on hosts, one a step, and what they share.
let hostScripts = [
    "activate-node", "adopt-swarm", "authorize-region-key", "demote-node", "drain-node", "evict-swarm", "init-swarm",
    "install-engine", "join-swarm", "label-node", "lease", "leave-swarm", "load-image", "prelude", "probe",
    "promote-node", "reach", "record-witness", "remove-control-plane", "remove-node", "reset-swarm", "restore-host",
    "start-control-plane", "swarm-token",
].map { "\($0).sh" }

var targets: [Target] = [
    .target(name: "GoldenFiles", path: "Tests/GoldenFiles", swiftSettings: settings),
    hot("FleetModel", []),
    hot("FleetPlanner", ["FleetModel"]),
    tests("FleetModelTests", ["FleetModel"]),
    tests("FleetPlannerTests", ["FleetPlanner", "FleetReconciler", "FleetModel", "GoldenFiles"], exclude: ["Goldens"]),
    hot("DockerEngine", ["FleetModel"]),
    tests("DockerEngineTests", ["DockerEngine", "FleetModel", "GoldenFiles"], exclude: ["Goldens"]),
    hot("FleetReconciler", ["FleetModel", "FleetPlanner", "DockerEngine"]),
    tests(
        "FleetReconcilerTests",
        ["FleetReconciler", "FleetPlanner", "DockerEngine", "FleetModel", "GoldenFiles", "HostScripts"],
        exclude: ["Goldens"]),
    hot("FleetSimulator", ["FleetModel", "FleetPlanner", "FleetReconciler"]),
    tests("SimulationTests", ["FleetSimulator", "FleetReconciler", "FleetPlanner", "FleetModel"]),
    data("HostScripts", path: "bootstrap/host", embed: hostScripts),
    .systemLibrary(
        name: "CLibSSH2", path: "Sources/CLibSSH2", pkgConfig: "libssh2", providers: [.apt(["libssh2-1-dev"])]),
    code("SSHTransport", ["CLibSSH2"]),
    tests("SSHLiveTests", ["SSHTransport", "GoldenFiles"], exclude: ["Goldens"]),
    .executableTarget(
        name: "ssh-bench", dependencies: ["SSHTransport"], path: "Sources/SSHBench", swiftSettings: settings),
    data("LoadTestData", path: "loadtest", embed: ["lab"], exclude: ["bench", "history.ndjson", "peers"]),
    code("Lab", ["LoadTestData"]),
    tests("LabTests", ["Lab"]),
    data("InventoryData", path: "inventory", embed: ["migrations"], exclude: ["schema.sql"]),
    code("InventoryStore", ["FleetModel", "InventoryData", grdb]),
    tests(
        "InventoryStoreTests", ["InventoryStore", "InventoryData", "FleetModel", grdb], exclude: ["problems.txt"]),
    code("RegionManifest", ["FleetModel", yams]),
    tests("RegionManifestTests", ["RegionManifest", "FleetModel"], exclude: ["bad-manifests.txt"]),
    data(
        "ControlPlaneData", path: "bootstrap/page",
        embed: ["page.html", "signed-out.html", "page.css", "page.js", "page.svg", "openapi.json"]),
    code(
        "ControlPlane",
        [
            "FleetModel", "FleetPlanner", "FleetReconciler", "InventoryStore", "ControlPlaneData", asyncHTTPClient,
            crypto,
            hummingbird, hummingbirdTLS, logging, serviceLifecycle, x509,
        ]),
    tests(
        "ControlPlaneTests",
        [
            "ControlPlane", "ControlPlaneData", "FleetReconciler", "InventoryStore", "FleetModel", crypto, hummingbird,
            hummingbirdTesting, logging, serviceLifecycle, x509,
        ]),
    tests("TidyTests", []),
    tests("RegionLiveTests", ["Lab", "FleetModel", "FleetReconciler", "FleetSimulator", "HostScripts"]),
    .systemLibrary(
        name: "CLibCrypto", path: "Sources/CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CZlib", path: "Sources/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    code("Gzip", ["CZlib"]),
    code("ControlPlaneImage", ["CLibCrypto", "FleetModel", "Gzip"]),
    tests("ControlPlaneImageTests", ["ControlPlaneImage", "CLibCrypto", "FleetModel"]),
    .systemLibrary(name: "CLinux", path: "Sources/CLinux"),
    code(
        "FleetLive",
        [
            "CLinux", "DockerEngine", "FleetModel", "FleetReconciler", "Gzip", "HostScripts", "InventoryStore",
            "RegionManifest", "SSHTransport",
        ]),
    tests("FleetLiveTests", ["FleetLive", "FleetModel"]),
    tests("CommandLineTests", []),
    .executableTarget(
        name: "muster",
        dependencies: [
            "ControlPlane", "ControlPlaneImage", "FleetLive", "FleetModel", "FleetPlanner", "FleetReconciler",
            "InventoryStore", "Lab", "RegionManifest", "SSHTransport", argumentParser, logging,
        ], path: "Sources/muster", swiftSettings: settings),
]

// `MUSTER_ONLY=Lab,LabTests swift build …` builds these targets and what they need, and nothing else: the pure tests
// then never wait for BoringSSL. Use a scratch path of its own with it.
if let only = Context.environment["MUSTER_ONLY"] {
    var wanted = Set(only.split(separator: ",").map(String.init))
    var size = 0
    while size != wanted.count {
        size = wanted.count
        for target in targets where wanted.contains(target.name) {
            for case .byNameItem(let name, _) in target.dependencies { wanted.insert(name) }
        }
    }
    targets = targets.filter { wanted.contains($0.name) }
}

let package = Package(
    name: "muster",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: targets,
    swiftLanguageModes: [.v6]
)
