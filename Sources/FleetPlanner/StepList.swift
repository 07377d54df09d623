// The steps of a plan while it is made: what was planned last for each host, and in the end an order in which they
// could run one after another.
import FleetModel

/// Steps with quick answers about them.
struct StepList {
    private(set) var steps: [Step] = []
    private var index: [StepID: Int] = [:]
    private var last: [HostID: StepID] = [:]

    mutating func add(_ step: Step) {
        index[step.id] = steps.count
        steps.append(step)
        // A node that is demoted or removed may be the host's past; what comes after it says so.
        if case .demoteNode = step.action { return }
        if case .removeNode = step.action { return }
        last[step.subject] = step.id
    }

    func contains(_ id: StepID) -> Bool { index[id] != nil }

    /// The last step about `host` so far, as what its next one comes after.
    func last(of host: HostID) -> [StepID] { last[host].map { [$0] } ?? [] }

    /// `ids` without those that no step has.
    func present(_ ids: [StepID]) -> [StepID] { ids.filter(contains) }

    /// The steps as they were added, but each after those that it needs: steps of two clusters may need each other's.
    /// What a step comes after and no step does is done already.
    func inOrder() -> [Step] {
        let steps = steps.map { step in
            var step = step
            (step.after, step.follows) = (present(step.after), present(step.follows))
            return step
        }
        var ordered: [Step] = []
        var isTaken = Array(repeating: false, count: steps.count)
        for first in steps.indices {
            // A stack instead of recursion: a chain of managers' changes in thousands of clusters is long.
            var stack = [first]
            while let top = stack.last {
                guard !isTaken[top] else { stack.removeLast(); continue }
                let needed = (steps[top].after + steps[top].follows).compactMap { index[$0] }.filter { !isTaken[$0] }
                // What is on the stack already would be a circle; it is left to the properties' tests to find none.
                if needed.isEmpty || stack.count > steps.count {
                    isTaken[top] = true
                    ordered.append(steps[top])
                    stack.removeLast()
                } else {
                    stack += needed.reversed()
                }
            }
        }
        return ordered
    }
}
