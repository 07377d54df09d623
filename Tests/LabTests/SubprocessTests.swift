// Running one program: outputs apart, input whole, statuses true, deadlines kept, nothing left.
import Glibc
import Synchronization
import Testing

@testable import Lab

@Suite struct SubprocessTests {
    private func run(_ script: String, input: [UInt8] = [], deadline: Duration = .seconds(20)) async throws -> LabResult
    {
        try await Subprocess(arguments: ["sh", "-c", script], input: input, deadline: deadline).run()
    }

    @Test("outputs are kept apart and the exit code is the program's")
    func outputs() async throws {
        let result = try await run("echo out; echo err >&2; exit 7")
        #expect(result.output == "out\n")
        #expect(result.errors == "err\n")
        #expect(result.status == 7)
    }

    @Test("a signal shows as 128 and its number")
    func signals() async throws {
        #expect(try await run("kill -TERM $$").status == 128 + SIGTERM)
    }

    @Test("more than a pipe holds goes through in both directions")
    func large() async throws {
        let input = [UInt8](repeating: 0x61, count: 1_000_000)
        #expect(try await run("cat", input: input).stdout == input)
    }

    @Test("a program that does not read its input is no error")
    func unread() async throws {
        #expect(try await run("exit 0", input: [UInt8](repeating: 0, count: 1_000_000)).status == 0)
    }

    @Test("a deadline ends the whole group, and says so")
    func deadline() async {
        let start = ContinuousClock.now
        let text = await errorText { _ = try await run("sleep 60 & sleep 60", deadline: .milliseconds(200)) }
        #expect(text.contains("did not end within 0.2 seconds"))
        #expect(start.duration(to: .now) < .seconds(10))
    }

    @Test("a cancelled task ends its program")
    func cancelled() async {
        let start = ContinuousClock.now
        let task = Task { try await run("sleep 60", deadline: .seconds(60)).status }
        task.cancel()
        #expect((try? await task.value) == 128 + SIGKILL)
        #expect(start.duration(to: .now) < .seconds(10))
    }

    @Test("a daemon that the program leaves behind does not hold us up")
    func daemon() async throws {
        let start = ContinuousClock.now
        let result = try await run("sleep 30 </dev/null & echo $!")
        #expect(start.duration(to: .now) < .seconds(10))
        let pid = try #require(pid_t(result.output.split(separator: "\n").first.map(String.init) ?? ""))
        kill(pid, SIGKILL)
    }

    @Test("our other files do not leak into programs")
    func leaks() async throws {
        let file = open("/dev/null", O_RDONLY)
        defer { close(file) }
        let listed = try await run("ls /proc/self/fd").output.split(separator: "\n").compactMap { Int32($0) }
        #expect(listed.filter { $0 > 3 }.isEmpty, "ls itself has 3 open")
    }

    @Test("lines of errors come as they are written, the last one even without its end")
    func errorLines() async throws {
        let lines = Lines()
        _ = try await Subprocess(
            arguments: ["sh", "-c", "echo one >&2; printf two >&2"], deadline: .seconds(20),
            onErrorLine: { lines.add($0) }
        ).run()
        #expect(lines.all == ["one", "two"])
    }

    @Test("a program that is not there is named")
    func absent() async {
        let text = await errorText { _ = try await Subprocess(arguments: ["no-such"], deadline: .seconds(1)).run() }
        #expect(text.hasPrefix("command `no-such`: cannot start it: No such file or directory"))
    }
}

private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
}
