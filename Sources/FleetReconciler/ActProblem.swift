// Turns what a script says when it fails into a sentence with a cure. One table, so that it can be read as prose; the
// golden Tests/FleetReconcilerTests/Goldens/act-problems.txt renders every entry.
package import FleetModel

/// Problems of one act on one host.
package struct ActProblem: Sendable {
    package let host: HostID
    package let word: String

    package init(host: HostID, word: String) { (self.host, self.word) = (host, word) }

    private var subject: String { "host `\(host)`" }

    /// The script said `fail CODE TEXT`.
    package func failed(code: String, text: String) -> FleetProblem {
        if let problem = leaseProblem(code: code, text: text) { return problem }
        if let cause = Self.causes.first(where: { text.contains($0.sign) }) { return failed(by: cause, text) }
        let entry = Self.table[code]
        let kind: FleetProblem.Kind = Self.refusals.contains(code) ? .refused : .failed
        return FleetProblem(
            kind, code, subject: subject, entry?.message ?? "`\(word)` failed", cause: text.isEmpty ? nil : text,
            hint: entry?.hint ?? "run the command again")
    }

    /// The script neither failed nor came to its end.
    package func incomplete(_ output: ShellOutput) -> FleetProblem {
        let text = output.standardError
        if let problem = sudoProblem(text, status: output.exitStatus) { return problem }
        let status = output.exitStatus.map { "status \($0)" } ?? "an unknown status"
        let end = output.exitSignal.map { "signal \($0)" } ?? status
        return FleetProblem(
            .failed, "act-incomplete", subject: subject, "`\(word)` ended with \(end) before it was done",
            cause: String(text.suffix(300)), hint: "run the command again")
    }

    /// The act came back well, and the second check does not see its effect.
    package func unverified(_ what: String) -> FleetProblem {
        FleetProblem(
            .failed, "not-verified", subject: subject, "`\(word)` came back well, but \(what)",
            hint: "run the command again; it goes on from what it finds")
    }

    /// Codes after which trying again cannot help.
    static let refusals: Set<String> = [
        "foreign-swarm", "other-region", "demote-majority", "other-swarm", "node-not-down", "still-manager",
    ]

    /// What each code of the scripts means and what cures it.
    static let table: [String: (message: String, hint: String)] = [
        "other-region": (
            "was made by another region",
            "take it out of one of the two manifests, or run `muster down` for that region"
        ),
        "package-source": (
            "cannot install the engine: apt could not read its package sources", "check /etc/apt and the way to them"
        ),
        "record-unwritable": (
            "cannot write down what Muster makes there, without which it is not made",
            "check the disk and its mount on the host, then run the command again"
        ),
        "lease-unwritable": (
            "cannot write the lease, without which nothing may be changed",
            "check the disk and its mount on the host, then run the command again"
        ),
        "no-such-version": (
            "cannot install the engine: no package matches the version asked for", "change `engine.version`"
        ),
        "package-install": (
            "cannot install the engine: apt failed",
            "look at /var/log/apt/term.log on the host, then run the command again"
        ),
        "write-daemon": ("cannot write daemon.json", "check the disk and its mount on the host"),
        "start-engine": (
            "cannot start the engine",
            "look at the engine's log on the host: `journalctl -u docker`, or /var/log/docker.log"
        ),
        "storage-driver": (
            "the engine stores in another driver than overlay2",
            "put /var/lib/docker on ext4 or xfs, then run the command again"
        ),
        "foreign-swarm": (
            "is in a Swarm that this region did not make",
            "take it out of the manifest, or leave that Swarm on the host: `docker swarm leave`"
        ),
        "engine-silent": (
            "its engine does not answer",
            "look at the engine's log on the host: `journalctl -u docker`, or /var/log/docker.log"
        ),
        "half-joined": ("joined its Swarm only half", "run the command again: it leaves the Swarm and joins anew"),
        "swarm-init": (
            "cannot make the Swarm",
            "look at the engine's log on the host: `journalctl -u docker`, or /var/log/docker.log"
        ),
        "swarm-token": ("cannot read the join token", "check that the managers hold a majority: `docker node ls`"),
        "no-token": ("no join token came with the command", "run the command again"),
        "swarm-join": (
            "cannot join its Swarm",
            "check that port 2377 of the manager can be reached from the host, then run the command again"
        ),
        "token-rejected": (
            "cannot join its Swarm: a fresh join token was refused twice",
            "look whether something rotates the tokens of this Swarm, then run the command again"
        ),
        "manager-unreachable": (
            "cannot join its Swarm: no manager of it could be reached from the host",
            "check that ports 2377 and 7946 of the managers can be reached from the host, then run the command again"
        ),
        "port-filtered": (
            "cannot join its Swarm: a port that Swarm needs is filtered between it and a manager",
            "open 2377/tcp to the managers, and 7946/tcp, 7946/udp and 4789/udp between all hosts of the Swarm"
        ),
        "mtu-small": (
            "cannot join its Swarm: large packets between it and a manager are lost without a word",
            "let ICMP `fragmentation needed` pass, or lower the MTU of both hosts' interfaces to that of the network"
        ),
        "swarm-leave": (
            "cannot leave its Swarm",
            "look at the engine's log on the host: `journalctl -u docker`, or /var/log/docker.log"
        ),
        "label-node": ("cannot label a node", "check that the managers hold a majority: `docker node ls`"),
        "promote-node": ("cannot promote a node", "check that the managers hold a majority: `docker node ls`"),
        "drain-node": ("cannot drain a node", "check that the managers hold a majority: `docker node ls`"),
        "drain-tasks": (
            "drained its node, and tasks still run there",
            "see what keeps them with `docker node ps`, then run the command again"
        ),
        "activate-node": ("cannot let a node work again", "check that the managers hold a majority: `docker node ls`"),
        "demote-node": ("cannot demote a node", "check that the managers hold a majority: `docker node ls`"),
        "demote-majority": (
            "is not demoted: the managers left would hold no majority",
            "bring the other managers back, then run the command again"
        ),
        "remove-node": (
            "cannot remove a node from the Swarm", "check that the managers hold a majority: `docker node ls`"
        ),
        "node-not-down": (
            "is not removed from its Swarm: its node is not down", "run the command again: it looks at it anew"
        ),
        "still-manager": (
            "does not leave its Swarm: it is still a manager", "run the command again: it is demoted first"
        ),
        "other-swarm": (
            "is in another Swarm than the one that was named", "look at it with `muster check`, then name that one"
        ),
        "not-in-swarm": ("is in no Swarm that could be taken over", "run the command again"),
        "no-home": ("the account has no home folder", "make it on the host"),
        "write-key": ("cannot write authorized_keys", "check the disk and the folder's rights on the host"),
        "load-image": (
            "cannot load the control plane's image", "check the free disk on the host, then run the command again"
        ),
        "make-secret": ("cannot make a Swarm secret", "check that the managers hold a majority: `docker node ls`"),
        "make-service": (
            "cannot make the control plane's service", "check that the managers hold a majority: `docker node ls`"
        ),
        "start-service": (
            "the control plane did not start", "look at it with `docker service ps` and `docker service logs`"
        ),
        "control-plane-owns": (
            "has a control plane that another folder handed the region to",
            "use that folder: `context.json`, `ca.pem` and `admin.token` of it are enough"
        ),
        "record-witness": ("cannot record the witness", "check that the managers hold a majority: `docker node ls`"),
        "remove-service": ("cannot remove the control plane's service", "run the command again"),
        "remove-secret": ("cannot remove Muster's secrets", "remove what uses them, then run the command again"),
        "remove-config": ("cannot remove Muster's configs", "remove what uses them, then run the command again"),
        "remove-volume": ("cannot remove the control plane's volume", "stop what uses it, then run the command again"),
        "still-in-swarm": ("is still in its Swarm", "run the command again"),
        "stop-engine": (
            "cannot stop the engine",
            "look at the engine's log on the host: `journalctl -u docker`, or /var/log/docker.log"
        ),
        "remove-packages": (
            "cannot remove the engine: apt failed",
            "look at /var/log/apt/term.log on the host, then run the command again"
        ),
    ]
}
