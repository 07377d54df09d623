// Parts that only the transport itself sees: the start window's arithmetic, the timer heap, key trust.
@testable import SSHTransport
import Testing

@Suite struct StartWindowTests {
    private func host(_ index: Int) -> SSHEndpoint { SSHEndpoint(address: "h\(index)", user: "root") }

    @Test func `it halves once for all the resets of one wave`() {
        var window = StartWindow(limit: 64)
        let places = (0..<64).map { _ in window.take() }
        #expect(!window.hasRoom)
        for (index, place) in places.enumerated() {
            window.reset(place, host(index))
            window.leave(place)
        }
        #expect(window.size == 32)
        #expect(window.inUse == 0)
    }

    @Test func `one host that bans us never narrows it`() {
        var window = StartWindow(limit: 64)
        for _ in 0..<100 {
            let place = window.take()
            window.reset(place, host(1))
            window.leave(place)
        }
        #expect(window.size == 64)
    }

    @Test func `two bad hosts among a thousand do not narrow it`() {
        var window = StartWindow(limit: 64)
        for _ in 0..<100 { window.succeeded() }
        for index in 0..<40 { window.reset(window.take(), host(index % 2)) }
        #expect(window.size == 64)
    }

    /// A wave of successes, each `pace` after the one before; gives the width that follows.
    private func wave(_ window: inout StartWindow, _ clock: inout Duration, trip: Duration, pace: Duration) -> Int {
        for _ in 0..<window.size {
            clock += pace
            window.succeeded(after: trip, at: Moment(nanoseconds: clock.nanoseconds))
        }
        return window.size
    }

    @Test func `a long way widens it, wave by wave, as long as a wider wave is faster`() {
        var window = StartWindow(limit: 64)
        var clock = Duration.zero
        _ = window.take(at: Moment(nanoseconds: 0))
        let widths = (0..<8).map { _ in
            wave(&window, &clock, trip: .milliseconds(100), pace: .milliseconds(700) / window.size)
        }
        #expect(widths == [96, 144, 216, 324, 486, 640, 640, 640])
        for _ in 0..<3 { window.succeeded(after: .seconds(9), at: Moment(nanoseconds: clock.nanoseconds)) }
        #expect(window.limit == 640)
        for _ in 0..<15 { window.succeeded(after: .milliseconds(1), at: Moment(nanoseconds: clock.nanoseconds)) }
        #expect(window.size == 64)
    }

    @Test func `a wider wave that starts no more hosts a second is taken back, and tried again later`() {
        var window = StartWindow(limit: 64)
        var clock = Duration.zero
        _ = window.take(at: Moment(nanoseconds: 0))
        let widths = (0..<8).map { _ in wave(&window, &clock, trip: .milliseconds(100), pace: .milliseconds(12)) }
        #expect(widths == [96, 64, 64, 64, 64, 64, 96, 64])
    }

    @Test func `who was thrown out once grows by successes only, however long the way is`() {
        var window = StartWindow(limit: 8)
        for index in 0..<2 { window.reset(window.take(), host(index)) }
        #expect(window.size == 4)
        for _ in 0..<20 { window.succeeded(after: .milliseconds(100)) }
        #expect(window.size == 14)
        for _ in 0..<400 { window.succeeded(after: .milliseconds(100)) }
        #expect(window.size == 80)
    }

    @Test func `it never falls below one, and successes widen it again to the limit`() {
        var window = StartWindow(limit: 8)
        for _ in 0..<10 {
            for index in 0..<2 { window.reset(window.take(), host(index)) }
        }
        #expect(window.size == 1)
        for _ in 0..<40 { window.succeeded() }
        #expect(window.size == 8)
    }
}

@Suite struct TimerHeapTests {
    @Test func `timers fire in order, cancelled ones never, whatever the order they came in`() {
        var generator = SystemRandomNumberGenerator()
        var heap = TimerHeap()
        var fired: [Int64] = []
        var kept: [Int64] = []
        for due in (Int64(0)..<500).shuffled(using: &generator) {
            let timer = heap.schedule(at: Moment(nanoseconds: due)) { fired.append(due) }
            if due % 3 == 0 { heap.cancel(timer) } else { kept.append(due) }
        }
        #expect(heap.takeDue(at: Moment(nanoseconds: -1)) == nil)
        while let action = heap.takeDue(at: Moment(nanoseconds: 1000)) { action() }
        #expect(fired == kept.sorted())
        #expect(heap.count == 0)
    }

    @Test func `a thousand commands that end early leave no thousand timers`() {
        var heap = TimerHeap()
        for _ in 0..<1000 { heap.cancel(heap.schedule(at: Moment(nanoseconds: .max)) {}) }
        #expect(heap.count < 200)
    }
}

@Suite struct HostTrustTests {
    private func key(_ seed: UInt8, _ type: String = "ssh-ed25519") -> SSHPublicKey {
        var writer = WireWriter()
        writer.string(type.utf8)
        writer.string([UInt8](repeating: seed, count: 32))
        return SSHPublicKey(blob: writer.bytes)!
    }
    private func line(_ names: String, _ key: SSHPublicKey) -> String {
        "\(names) \(key.type) \(Base64.encode(key.blob))\n"
    }
    private func trust(_ contents: String, _ address: String, port: UInt16 = 22) -> HostTrust {
        HostTrust(
            endpoint: SSHEndpoint(address: address, port: port, user: "root"),
            knownHosts: SSHKnownHosts(contents: contents))
    }

    @Test func `names, lists, ports, patterns and negations`() {
        let contents = line("a.example,10.0.0.1", key(1)) + line("[b.example]:2222", key(2)) + line("*.c,!no.c", key(3))
        #expect(trust(contents, "A.example").verdict(on: key(1)) == .trusted)
        #expect(trust(contents, "10.0.0.1").verdict(on: key(1)) == .trusted)
        #expect(trust(contents, "b.example").verdict(on: key(2)) == .unknown)
        #expect(trust(contents, "b.example", port: 2222).verdict(on: key(2)) == .trusted)
        #expect(trust(contents, "yes.c").verdict(on: key(3)) == .trusted)
        #expect(trust(contents, "no.c").verdict(on: key(3)) == .unknown)
    }

    @Test func `the expected fingerprint is the one of the same type`() {
        let ecdsa = key(2, "ecdsa-sha2-nistp256")
        let contents = line("h", key(1)) + line("h", ecdsa)
        #expect(trust(contents, "h").verdict(on: key(9)) == .changed(expected: [key(1).fingerprint]))
    }

    @Test func `pinned types are asked for first, and none that was refused`() {
        let contents = line("h", key(2, "ecdsa-sha2-nistp384"))
        #expect(trust(contents, "h").algorithms(without: []).first == "ecdsa-sha2-nistp384")
        #expect(trust("", "h").algorithms(without: ["ssh-ed25519"]).first == "ecdsa-sha2-nistp256")
    }
}
