// What gets lost between hosts: one table of rules on the lab's bridge, made anew from all hosts' marks whenever one of
// them changes, so that it never holds more or less than `muster lab ls` shows.
import Glibc

extension LabRegion {
    /// The rules for all marks of network faults, as nft reads them.
    static func filterRules(_ marks: [(host: Int, mark: FaultMarks.Mark)]) -> String {
        let rules = marks.flatMap { host, mark in
            let address = LabAddress.address(of: host)
            switch mark.fault {
            case .oneWay:
                let target = LabAddress.host(named: mark.value).map { " ip daddr \(LabAddress.address(of: $0))" } ?? ""
                return ["ip saddr \(address)\(target) drop"]
            case .filteredPort:
                return ["tcp", "udp"].map { "ip daddr \(address) \($0) dport \(mark.value) drop" }
            case .swallowedPackets:
                // The whole packet, as MTUs count: headers of IP included, those of Ethernet not.
                return ["saddr", "daddr"].map { "ip \($0) \(address) ip length > \(mark.value) drop" }
            case .fullDisk, .fullInodes, .readOnly, .heldLock, .halfConfigured, .packageSource, .skewedClock, .clone,
                .os, .changedKey, .lockedOut, .fewStartups, .fewSessions, .noisyShell, .sudo, .occupiedPort,
                .foreignSwarm, .hangingCommand, .frozen:
                return []
            }
        }
        let chain = ["type filter hook forward priority 0; policy accept;"] + rules
        // Declared first, since a table that is not there cannot be deleted; all of it happens at once.
        return "table bridge lab_faults {\n}\ndelete table bridge lab_faults\n"
            + "table bridge lab_faults {\nchain forward {\n\(chain.joined(separator: "\n"))\n}\n}\n"
    }

    func filter() async throws(LabError) {
        let marked = hosts().flatMap { host in marks(of: host.index).map { (host.index, $0) } }
        let result = try await run(["nft", "-f", "-"], input: Array(Self.filterRules(marked).utf8))
        guard result.status == 0 else {
            throw LabError(
                .failed, subject, "cannot filter between hosts: \(result.errors)",
                hint: "`apt-get install -y --no-install-recommends nftables`, if `nft` is missing")
        }
    }
}
