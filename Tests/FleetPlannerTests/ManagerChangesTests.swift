// The order in which managers come and go, by its own table and by exhaustion: what is decided about majorities rests on
// it.
import FleetModel
import Testing

@testable import FleetPlanner

@Suite("Manager changes") struct ManagerChangesTests {
    /// `a` stays, `A` goes; `x` is silent and stays, `X` is silent and goes.
    private static func members(_ text: String) -> [ManagerChanges.Member] {
        text.enumerated().map { index, kind in
            ManagerChanges.Member(
                node: NodeID("n\(index)"), host: HostID("m\(index)"), isAnswering: "aA".contains(kind),
                stays: "ax".contains(kind))
        }
    }

    private static func text(_ changes: ManagerChanges) -> String {
        var words = changes.order.map { change in
            switch change {
            case .add(let host): "+\(host)"
            case .demote(let member): "-\(member.node)"
            }
        }
        words += changes.waiting.map { "wait \($0)" } + changes.held.map { "hold \($0.node)" }
        if let loss = changes.loss { words.append("loss \(loss.answering)/\(loss.managers)") }
        return words.joined(separator: " ")
    }

    @Test(
        "who comes and goes, in which order",
        arguments: [
            ("", 3, 3, "+d0 +d1 +d2"), ("", 2, 3, "+d0 wait d1"), ("", 1, 3, "+d0"), ("a", 2, 3, "+d0 +d1"),
            ("aaa", 0, 3, ""), ("aaa", 2, 5, "+d0 +d1"), ("aaa", 1, 5, "wait d0"), ("aaA", 1, 3, "+d0 -n2"),
            ("aAA", 0, 1, "-n1 -n2"), ("aAA", 2, 3, "+d0 -n1 +d1 -n2"), ("aaX", 1, 3, "-n2 +d0"),
            ("aaX", 0, 3, "hold n2"), ("aaA", 0, 3, "hold n2"), ("AAA", 3, 3, "+d0 -n0 +d1 -n1 +d2 -n2"),
            ("aaaaaaA", 1, 7, "-n6 +d0"), ("aaaXX", 2, 5, "-n3 -n4 +d0 +d1"), ("axxAA", 0, 3, "loss 2/4"),
            ("aax", 0, 3, ""), ("A", 0, 1, "hold n0"), ("aa", 1, 3, "+d0"), ("aa", 0, 3, ""),
        ])
    func order(members: String, due: Int, wanted: Int, expected: String) {
        let hosts = (0..<due).map { HostID("d\($0)") }
        #expect(Self.text(ManagerChanges(members: Self.members(members), due: hosts, wanted: wanted)) == expected)
    }

    @Test("one that has to leave another Swarm first, or this one, comes last")
    func late() {
        let changes = ManagerChanges(members: Self.members("aaA"), due: ["m2"], late: ["m2"], wanted: 3)
        #expect(Self.text(changes) == "-n2 +m2")
        let single = ManagerChanges(members: Self.members("A"), due: ["m0"], late: ["m0"], wanted: 1)
        #expect(Self.text(single) == "loss 0/0")
    }

    @Test("all combinations of up to 7 managers: the majority holds after every change, and the end is odd")
    func exhaustion() {
        for staying in 0...5 {
            for silent in 0...2 {
                for going in 0...3 {
                    for dead in 0...2 where 1...7 ~= staying + silent + going + dead {
                        for due in 0...4 {
                            for wanted in [1, 3, 5, 7] where wanted >= staying + silent {
                                check(staying, silent, going, dead, due: due, wanted: wanted)
                            }
                        }
                    }
                }
            }
        }
    }

    private func check(_ staying: Int, _ silent: Int, _ going: Int, _ dead: Int, due: Int, wanted: Int) {
        let kinds = [("a", staying), ("x", silent), ("A", going), ("X", dead)]
        let members = Self.members(kinds.map { String(repeating: $0.0, count: $0.1) }.joined())
        var (count, answering) = (members.count, staying + going)
        guard answering >= Quorum.majority(of: count) else { return }
        let changes = ManagerChanges(members: members, due: (0..<due).map { HostID("d\($0)") }, wanted: wanted)
        for change in changes.order {
            switch change {
            case .add: (count, answering) = (count + 1, answering + 1)
            case .demote(let member): (count, answering) = (count - 1, answering - (member.isAnswering ? 1 : 0))
            }
            #expect(answering >= Quorum.majority(of: count) && count <= 7, "\(kinds) due \(due) wanted \(wanted)")
        }
        let isChanged = !changes.order.isEmpty
        #expect(!isChanged || count % 2 == 1, "\(kinds) due \(due) wanted \(wanted): \(Self.text(changes))")
    }
}
