// A lab for the length of a test: made before it, taken down after it whatever happens in between, and if the whole
// test run is killed, taken down by the next one. Nest them for several: they go in reverse.
import Glibc
import Synchronization

private let fixtures = Atomic<Int>(0)

/// Brings up a lab of its own, runs `body` with it, and takes it down again.
///
/// - Parameters:
///   - count: hosts `h1` … `h<count>`; 0 makes nothing, for tests that call `up` themselves.
///   - body: its error is thrown on after the lab is down; the state of the hosts is printed before.
/// - Throws: what `up`, `body` or `down` throws, the first of them.
package func withLab<R: Sendable>(
    _ count: Int, flavour: LabFlavour = .plain, engine: Bool = false, _ body: (LabRegion) async throws -> R
) async throws -> R {
    try await sweepAbandonedLabs()
    let number = fixtures.add(1, ordering: .relaxed).newValue
    let name = "muster-test-\(getpid())-\(number)"
    let lab = try LabRegion(state: "/var/tmp/\(name)", name: name)
    try LabRegistry.record(lab.entry(owner: getpid()))
    let outcome: Result<R, any Error>
    do {
        if count > 0 { try await lab.up(count: count, flavour: flavour, engine: engine) }
        outcome = .success(try await body(lab))
    } catch {
        outcome = .failure(error)
        let text = "lab `\(name)` when its test failed:\n\(LabHost.table(of: lab.hosts()))\n"
        _ = write(STDERR_FILENO, text, text.utf8.count)
    }
    do { try await lab.down() } catch { if case .success = outcome { throw error } }
    return try outcome.get()
}

/// Takes down the labs of test runs that are no more.
package func sweepAbandonedLabs() async throws(LabError) {
    for entry in LabRegistry.entries() {
        guard let owner = entry.owner, !Files.exists("/proc/\(owner)") else { continue }
        try await LabRegion(state: entry.state, name: entry.name, cache: entry.cache).down()
    }
}
