// What a shell offers while someone types: hosts of the manifest on the line, regions that this machine knows. It is run
// at every press of the tab key, so it is quick and silent: what cannot be read offers nothing.
import FleetLive
import FleetModel
import Foundation
import RegionManifest

/// Names out of the manifest that is on the line already, or that the folder has one of.
enum HostCompletion {
    static func names(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
        policy(words)?.hosts.map(\.name.rawValue) ?? []
    }

    static func clusters(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
        policy(words)?.clusters.map(\.name.rawValue) ?? []
    }

    static func domains(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
        policy(words)?.domains.map(\.rawValue) ?? []
    }

    private static func policy(_ words: [String]) -> FleetPolicy? {
        let isManifest = { (name: String) in name.hasSuffix(".yaml") || name.hasSuffix(".yml") }
        let here = (try? FileManager.default.contentsOfDirectory(atPath: "."))?.filter(isManifest) ?? []
        // Variables that only another shell has would hide the hosts: names hold none.
        let paths = words.filter(isManifest) + (here.count == 1 ? here : [])
        return paths.lazy.compactMap { path in
            guard case .success(let text)? = SystemFiles().text(path) else { return nil }
            return try? Manifest.policy(
                fromYAML: text, file: path, environment: ProcessInfo.processInfo.environment)
        }.first
    }
}

/// Regions that this machine has a context of.
enum RegionCompletion {
    static func names(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
        RegionFolder.all(environment: ProcessInfo.processInfo.environment).map(\.rawValue)
    }
}
