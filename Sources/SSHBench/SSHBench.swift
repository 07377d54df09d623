// A client of SSHTransport and nothing else, so that peer-bench can set our connections beside others': the same works,
// the same last line, no planning and no inventory in its figures. `muster hosts exec` is the user's way.
import Glibc
import SSHTransport

/// What is done on each host.
enum Work {
    /// Each command in an exec of its own, one after the other; then the session is closed.
    case commands([String])
    /// Sessions stay open until the last host has answered, then every host answers once more.
    case hold
    /// An upload; `%s` in the target is the host's address.
    case upload(SSHFile, target: String)

    /// The works of peer-bench, by its numbers and by the floor client's words.
    init?(_ name: String, _ rest: ArraySlice<String>) throws {
        switch name {
        case "W1", "true": self = .commands(["true"])
        case "W2", "ten": self = .commands(Self.ten)
        case "hold": self = .hold
        case "W4", "put":
            guard rest.count == 2, let path = rest.first, let target = rest.last else { return nil }
            self = .upload(try SSHFile(path: path), target: target)
        case _: return nil
        }
    }

    private static let ten = [
        "uname -a", "cat /etc/os-release", "nproc", "free -m", "id -u", "hostname", "df -P /", "cat /proc/uptime",
        "test -d /etc", "date +%s",
    ]
}

@main struct SSHBench {
    static let usage = """
        usage: ssh-bench HOSTFILE PORT USER KEY KNOWN_HOSTS WINDOW WORK [LOCAL REMOTE]
        HOSTFILE: one address a line, or `ADDRESS via BASTION`
        WORK: W1|true, W2|ten (ten execs), hold (all sessions open at once), W4|put (LOCAL to REMOTE, %s is the address)
        """

    static func main() async {
        do {
            let words = CommandLine.arguments.dropFirst()
            guard words.count >= 7, let bench = try Bench(Array(words)) else {
                print(usage)
                exit(64)
            }
            exit(await bench.run() ? 0 : 1)
        } catch {
            print(error)
            exit(1)
        }
    }
}

/// One run over all hosts.
struct Bench {
    private let client: SSHClient
    private let endpoints: [SSHEndpoint]
    private let work: Work

    /// nil when the words make no sense.
    init?(_ words: [String]) throws {
        guard let port = UInt16(words[1]), let window = Int(words[5]), let work = try Work(words[6], words[7...]) else {
            return nil
        }
        var configuration = SSHConfiguration(
            identity: .keyFile(words[3]), knownHosts: try SSHKnownHosts(path: words[4]))
        configuration.limits.connectWindow = window
        client = try SSHClient(configuration: configuration)
        func endpoint(_ address: String) -> SSHEndpoint { SSHEndpoint(address: address, port: port, user: words[2]) }
        endpoints = Self.lines(of: words[0]).filter { !$0.isEmpty }.map { line in
            var host = endpoint(line[0])
            if line.count == 3, line[1] == "via" { host.via = endpoint(line[2]) }
            return host
        }
        self.work = work
    }

    private static func lines(of path: String) -> [[String]] {
        guard let file = fopen(path, "r") else { return [] }
        defer { fclose(file) }
        var lines: [[String]] = []
        var buffer = [CChar](repeating: 0, count: 256)
        while fgets(&buffer, Int32(buffer.count), file) != nil {
            let text = buffer.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
            lines.append(text.split(whereSeparator: \.isWhitespace).map(String.init))
        }
        return lines
    }

    /// True when every host did it.
    func run() async -> Bool {
        var outcome = await each { try await perform(on: $0) }
        if case .hold = work {
            report("held", hosts: endpoints.count)
            let second = await each { try await command("true", on: $0) }
            outcome.failed += second.failed
            outcome.ok -= second.failed
        }
        await client.shutdown()
        report("all", hosts: endpoints.count)
        print("last host that did it: after \(Int(outcome.last / Duration.milliseconds(1))) ms")
        print("RESULT ok=\(outcome.ok) failed=\(outcome.failed) changed=\(outcome.changed)")
        return outcome.failed == 0
    }

    private typealias Outcome = (ok: Int, failed: Int, changed: Int, last: Duration)

    /// `body` says whether it changed the host.
    private func each(_ body: @escaping @Sendable (SSHEndpoint) async throws -> Bool) async -> Outcome {
        let start = ContinuousClock.now
        return await withTaskGroup(of: Bool?.self) { group in
            for endpoint in endpoints {
                group.addTask {
                    do { return try await body(endpoint) } catch {
                        print(error)
                        return nil
                    }
                }
            }
            return await group.reduce(into: (0, 0, 0, .zero)) { outcome, changed in
                guard let changed else { return outcome.1 += 1 }
                outcome.0 += 1
                outcome.2 += changed ? 1 : 0
                outcome.3 = ContinuousClock.now - start
            }
        }
    }

    private func perform(on endpoint: SSHEndpoint) async throws -> Bool {
        switch work {
        case .commands(let texts):
            for text in texts { _ = try await command(text, on: endpoint) }
            client.close(endpoint)
            return false
        case .hold: return try await command("true", on: endpoint)
        case .upload(let file, let target):
            let place = target.split(separator: "%s", omittingEmptySubsequences: false).joined(
                separator: endpoint.address)
            let outcome = try await client.upload(SSHUpload(file: file, target: place, mode: 0o600), on: endpoint)
            client.close(endpoint)
            return outcome != .unchanged
        }
    }

    /// Never a change.
    private func command(_ text: String, on endpoint: SSHEndpoint) async throws -> Bool {
        let result = try await client.run(SSHCommand(text), on: endpoint)
        if result.exitStatus != 0 { throw Unexpected(endpoint: endpoint, status: result.exitStatus) }
        return false
    }

    /// CPU and peak memory of this process so far.
    private func report(_ stage: String, hosts: Int) {
        var use = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &use)
        func milliseconds(_ time: timeval) -> Double { Double(time.tv_sec) * 1000 + Double(time.tv_usec) / 1000 }
        let each = (milliseconds(use.ru_utime) + milliseconds(use.ru_stime)) / Double(max(1, hosts))
        print("\(stage): cpu-ms-a-host=\((each * 100).rounded() / 100) peak-mib=\(use.ru_maxrss / 1024)")
    }
}

struct Unexpected: Error, CustomStringConvertible {
    let endpoint: SSHEndpoint
    let status: Int32?
    var description: String { "host `\(endpoint)`: exit status \(status.map(String.init) ?? "none")" }
}
