// Which managers of one Swarm come and go, and in which order: one at a time, the dead ones out first, then each
// newcomer before the one it replaces, and never through a count whose majority would not answer (I5, F31).
import FleetModel

/// The changes among the managers of one Swarm.
struct ManagerChanges {
    /// One that takes part in Raft now.
    struct Member: Equatable {
        let node: NodeID
        /// nil for a node that no host of the region is.
        let host: HostID?
        let isAnswering: Bool
        let stays: Bool
    }

    enum Change: Equatable {
        case add(HostID)
        case demote(Member)
    }

    /// A demotion after which no majority would answer.
    struct Loss: Equatable {
        let member: Member
        let answering: Int
        let managers: Int
        let silent: [HostID]
    }

    /// One change after another.
    private(set) var order: [Change] = []
    /// Should be managers, and wait until the number of managers can be odd.
    private(set) var waiting: [HostID] = []
    /// Should go, and wait for one who takes their place: an even number is no safer than one less.
    private(set) var held: [Member] = []
    /// When it is not nil, nothing may be changed.
    private(set) var loss: Loss?

    let members: [Member]
    private var count: Int
    private var answering: Int

    /// - Parameters:
    ///   - due: living hosts that should be managers and are none, in join order.
    ///   - late: those of `due` that have to leave a Swarm before; nobody waits for them.
    ///   - wanted: how many managers there should be.
    init(members: [Member], due: [HostID], late: Set<HostID> = [], wanted: Int) {
        self.members = members
        (count, answering) = (members.count, members.filter(\.isAnswering).count)
        var going = members.filter { !$0.stays }
        let staying = members.count - going.count
        let target = Quorum.oddCount(wanted: wanted, available: staying + due.count)
        let adds = Array(due.prefix(max(0, target - staying)))
        waiting = Array(due.dropFirst(adds.count))
        if (staying + adds.count) % 2 == 0, let last = going.indices.last {
            // Who is dead is of no use to a majority.
            held = [going.remove(at: going.lastIndex(where: \.isAnswering) ?? last)]
        }
        plan(adds: adds, late: late, going: going)
    }

    private mutating func plan(adds: [HostID], late: Set<HostID>, going: [Member]) {
        for member in going where !member.isAnswering { demote(member) }
        var fresh = adds.filter { !late.contains($0) }[...]
        var leaving = going.filter(\.isAnswering)[...]
        while !fresh.isEmpty || !leaving.isEmpty {
            if count < Quorum.mostManagers || leaving.isEmpty, let host = fresh.popFirst() { add(host) }
            if let member = leaving.popFirst() { demote(member) }
        }
        for host in adds where late.contains(host) { add(host) }
        if loss != nil { order = [] }
    }

    private mutating func add(_ host: HostID) {
        order.append(.add(host))
        (count, answering) = (count + 1, answering + 1)
    }

    private mutating func demote(_ member: Member) {
        order.append(.demote(member))
        (count, answering) = (count - 1, answering - (member.isAnswering ? 1 : 0))
        guard loss == nil, answering < Quorum.majority(of: count) else { return }
        let silent = members.filter { !$0.isAnswering && $0.stays }.compactMap(\.host)
        loss = Loss(member: member, answering: answering, managers: count, silent: silent)
    }
}
