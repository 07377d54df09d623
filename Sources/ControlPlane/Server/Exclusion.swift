// One change of hands at a time: hand off, take back, restore, and saving what a loop found must not interleave,
// although each of them waits for the disk or for other hosts in the middle.

/// A lock whose holders may suspend. First come, first served.
actor Exclusion {
    private var isHeld = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func run<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        await acquire()
        defer { release() }
        return try await body()
    }

    private func acquire() async {
        guard isHeld else { return isHeld = true }
        // The releaser leaves `isHeld` set and hands it on, so nobody overtakes the one who waits longest.
        await withCheckedContinuation { waiting.append($0) }
    }

    private func release() {
        if waiting.isEmpty { isHeld = false } else { waiting.removeFirst().resume() }
    }
}
