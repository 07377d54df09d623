// What a host shows of what was ever done to it: packages, files, keys, links, firewall rules, processes. Read before
// `up` and after `down`, and compared line by line.
import Foundation
import Lab
import Testing

extension LiveRegion {
    /// The traces of every host, by its number.
    func traces() async throws -> [Int: Set<String>] {
        var all: [Int: Set<String>] = [:]
        for host in 1...count { all[host] = try await traces(of: host) }
        return all
    }

    func traces(of host: Int) async throws -> Set<String> {
        let text = try await said(
            host,
            """
            dpkg-query -W -f 'package ${Package} ${db:Status-Abbrev}\\n'
            ip -o link | awk '{sub(/@.*/, "", $2); sub(/:$/, "", $2); print "link " $2}'
            ip -o route | sed 's/^/route /'
            sed 's/^/forwarding /' /proc/sys/net/ipv4/ip_forward
            sed 's/^/key /' /root/.ssh/authorized_keys
            { find /etc /root /home /opt /srv /usr/local /var/spool -xdev
              find /var/lib/docker /var/lib/containerd /run/docker /run/containerd /run/docker.sock \
                  -maxdepth 1 -mindepth 1
            } 2>/dev/null | grep -v '\\.bash_history$' | sed 's/^/file /'
            for process in /proc/[0-9]*; do read -r name <$process/comm && echo "process $name"; done 2>/dev/null |
                grep -E 'docker|containerd|muster' || :
            """)
        let rules = try await lab.run(["nsenter", "--net=/run/netns/\(lab.name)-h\(host)", "nft", "list", "ruleset"])
        try #require(rules.status == 0, "\(rules.errors)")
        let lines = text.split(separator: "\n").map(String.init)
        // Empty tables and chains that let everything pass are what `iptables -L` leaves, too.
        let empty = /^\s*(table .*|chain [A-Z]+ \{|type .* policy accept;|\}|#.*)$/
        let counters = #/counter packets [0-9]+ bytes [0-9]+ /#
        let kept = rules.output.split(separator: "\n").filter { !$0.contains(empty) }
        return Set(lines + kept.map { "rule " + $0.replacing(counters, with: "") })
    }

    /// A second operator's machine that knows the same region.
    func copyOfHome(_ name: String) throws -> String {
        try FileManager.default.copyItem(atPath: home, toPath: "\(folder)/\(name)")
        return "\(folder)/\(name)"
    }

    /// Looks through all that was collected, and through what engines, logs and inventories show now.
    func expectNoSecretOutside(location: SourceLocation = #_sourceLocation) async throws {
        for host in 1...count {
            for command in [
                "docker service inspect muster-lab", "docker service logs muster-lab 2>&1",
                "docker inspect $(docker ps -aq)",
                "cat /var/log/*.log /var/log/apt/* /etc/muster/made.json; journalctl",
                "cat /var/lib/docker/volumes/muster-lab/_data/inventory.sqlite*",
            ] {
                let result = try await lab.ssh(host, command)  // only managers have services, only the home the volume
                evidence.add("h\(host): \(command)", result)
            }
        }
        for suffix in ["inventory.sqlite", "inventory.sqlite-wal", "context.json", "sealed-copy.muster"] {
            guard let data = FileManager.default.contents(atPath: "\(regionFolder)/\(suffix)") else { continue }
            evidence.add(suffix, [UInt8](data))
        }
        #expect(evidence.keyNames.isSuperset(of: ["admin.token", "hand-off.token", "region_key", "ca.key"]))
        #expect(Set(evidence.leaks()) == [], sourceLocation: location)
    }
}

/// Compares two sets of traces and names what came and what went.
func expectSame(_ before: Set<String>?, _ after: Set<String>?, _ host: String) {
    let (before, after) = (before ?? [], after ?? [])
    #expect(after.subtracting(before).sorted() == [], "\(host): left over")
    #expect(before.subtracting(after).sorted() == [], "\(host): missing")
}
