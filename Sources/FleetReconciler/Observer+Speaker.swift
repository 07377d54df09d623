// Who speaks for a Swarm right now: its managers are asked side by side, and the first that can say something is taken.
package import FleetModel

/// What came of asking for a Swarm's speaker.
package struct SpeakerAnswer: Sendable {
    /// Who speaks, and what it tells; nil when nobody does.
    package var speaker: (host: HostPolicy, cluster: ClusterFacts)?
    /// Why hosts did not answer that were heard of before a speaker was.
    package var silence: [FleetProblem] = []
}

extension Observer {
    /// The first of `hosts` that is a manager of a Swarm with a majority. Nobody waits for the others: one that is dead
    /// costs its deadline only where no other one speaks.
    package func speaker(among hosts: [HostPolicy]) async -> SpeakerAnswer {
        var answer = SpeakerAnswer()
        let (seen, said) = AsyncStream.makeStream(of: (HostPolicy, HostObservation).self)
        // No group: that would wait for the slowest of its tasks.
        for host in hosts { Task { said.yield((host, await observe(host))) } }
        var left = hosts.count
        guard left > 0 else { return answer }
        for await (host, observed) in seen {
            switch observed {
            case .reachable(let facts):
                if let cluster = facts.swarm.cluster {
                    answer.speaker = (host, cluster)
                    return answer
                }
            case .unreachable(let problem): answer.silence.append(problem)
            }
            left -= 1
            if left == 0 { break }
        }
        return answer
    }
}
