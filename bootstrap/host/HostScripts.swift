// The scripts of this folder as text, compiled into the binary, so that a self-hosted Muster carries its own.

/// The shell scripts that run on hosts, by the word of their step.
package enum HostScript {
    /// Functions that every script may use; see prelude.sh.
    package static let prelude = text(PackageResources.prelude_sh)

    /// The script of the step `word`; nil when there is none.
    package static func named(_ word: String) -> String? { all[word] }

    /// All scripts by word.
    package static let all: [String: String] = [
        "activate-node": text(PackageResources.activate_node_sh),
        "adopt-swarm": text(PackageResources.adopt_swarm_sh),
        "authorize-region-key": text(PackageResources.authorize_region_key_sh),
        "demote-node": text(PackageResources.demote_node_sh),
        "drain-node": text(PackageResources.drain_node_sh),
        "evict-swarm": text(PackageResources.evict_swarm_sh),
        "init-swarm": text(PackageResources.init_swarm_sh),
        "install-engine": text(PackageResources.install_engine_sh),
        "join-swarm": text(PackageResources.join_swarm_sh, sharing: PackageResources.reach_sh),
        "label-node": text(PackageResources.label_node_sh),
        "lease": text(PackageResources.lease_sh),
        "leave-swarm": text(PackageResources.leave_swarm_sh),
        "load-image": text(PackageResources.load_image_sh),
        "probe": text(PackageResources.probe_sh),
        "promote-node": text(PackageResources.promote_node_sh),
        "record-witness": text(PackageResources.record_witness_sh),
        "remove-control-plane": text(PackageResources.remove_control_plane_sh),
        "remove-node": text(PackageResources.remove_node_sh),
        "reset-swarm": text(PackageResources.reset_swarm_sh),
        "restore-host": text(PackageResources.restore_host_sh),
        "start-control-plane": text(PackageResources.start_control_plane_sh),
        "swarm-token": text(PackageResources.swarm_token_sh, sharing: PackageResources.reach_sh),
    ]

    /// Without indentation and comments, but for the first, which names the script, and those that shellcheck reads: a
    /// probe goes to every host at every look, and a quarter of it is for people.
    private static func text(_ bytes: [UInt8]) -> String {
        bytes.split(separator: UInt8(ascii: "\n")).enumerated().compactMap { number, line in
            let words = line.drop { $0 == UInt8(ascii: " ") }
            let isComment = words.first == UInt8(ascii: "#") && !words.starts(with: "# shellcheck ".utf8)
            let isLeftOut = words.isEmpty || number > 0 && isComment
            return isLeftOut ? nil : String(decoding: words, as: UTF8.self) + "\n"
        }.joined()
    }

    /// A script whose first line, which names it, is followed by what it shares with another.
    private static func text(_ bytes: [UInt8], sharing library: [UInt8]) -> String {
        let lines = text(bytes).split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        return "\(lines[0])\n\(text(library))\(lines.dropFirst().joined())"
    }
}
