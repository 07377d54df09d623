// Runs one program to its end, with a deadline and without letting any of our file descriptors leak into it: a lab's
// daemons outlive us, and a pipe that they kept open would hang whoever reads our output.
import Dispatch
import Glibc
import Synchronization

/// How a program ended and what it wrote.
package struct LabResult: Sendable {
    /// The exit code, or 128 + the signal's number.
    package let status: Int32
    package let stdout: [UInt8]
    package let stderr: [UInt8]

    package var output: String { String(decoding: stdout, as: UTF8.self) }
    package var errors: String { String(decoding: stderr, as: UTF8.self) }
}

/// A program to run: arguments (the first is looked up in PATH), environment, input and deadline.
struct Subprocess {
    var arguments: [String]
    var environment: [String: String]?
    var input: [UInt8] = []
    var deadline: Duration
    /// A process group of its own can be ended whole; without it, Ctrl-C on the terminal reaches the program too.
    var ownsGroup = true
    /// Called with each whole line of standard error as it comes.
    var onErrorLine: (@Sendable (String) -> Void)?

    /// Runs it on a thread that may block. A cancelled task ends the program.
    func run() async throws(LabError) -> LabResult {
        let child = Child(ownsGroup: ownsGroup)
        let result = await withTaskCancellationHandler {
            await offload { Result { () throws(LabError) in try self.runBlocking(child) } }
        } onCancel: {
            child.end()
        }
        return try result.get()
    }

    /// Runs it to its end on this thread.
    func runBlocking(_ child: Child? = nil) throws(LabError) -> LabResult {
        let child = child ?? Child(ownsGroup: ownsGroup)
        let input = try Pipe()
        let output = try Pipe()
        let errors = try Pipe()
        try spawn(child, input, output, errors)
        input.closeReader()
        output.closeWriter()
        errors.closeWriter()
        var exchange = Exchange(
            input: input, output: output, errors: errors, rest: self.input[...], onErrorLine: onErrorLine)
        let start = ContinuousClock.now
        var isLate = false
        while true {
            exchange.turn()
            if let status = child.ended() {
                exchange.drain()
                if isLate { throw late }
                return LabResult(status: status, stdout: exchange.stdout, stderr: exchange.stderr)
            }
            if !isLate, start.duration(to: .now) > deadline {
                isLate = true
                child.end()
            }
        }
    }

    private var late: LabError {
        LabError(
            .unavailable, "command `\(arguments.joined(separator: " "))`", "did not end within \(deadline)",
            hint: "it was killed; look at what it waits for, or give it a longer deadline")
    }

    private func spawn(_ child: Child, _ input: Pipe, _ output: Pipe, _ errors: Pipe) throws(LabError) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input.reader, 0)
        posix_spawn_file_actions_adddup2(&actions, output.writer, 1)
        posix_spawn_file_actions_adddup2(&actions, errors.writer, 2)
        // Swift's Glibc does not show `…_addclosefrom_np`; closing what is not open is no error.
        for file in Files.names("/proc/self/fd").compactMap({ Int32($0) }) where file > 2 {
            posix_spawn_file_actions_addclose(&actions, file)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        sigfillset(&defaults)
        var blocked = sigset_t()
        sigemptyset(&blocked)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setsigmask(&attributes, &blocked)
        var flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        if ownsGroup { flags |= POSIX_SPAWN_SETPGROUP }
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var pid = pid_t()
        let code = withCStrings(arguments) { argv in
            guard let environment else { return posix_spawnp(&pid, argv[0]!, &actions, &attributes, argv, environ) }
            return withCStrings(environment.map { "\($0)=\($1)" }) {
                posix_spawnp(&pid, argv[0]!, &actions, &attributes, argv, $0)
            }
        }
        guard code == 0 else {
            throw LabError(
                .failed, "command `\(arguments[0])`", "cannot start it: \(errorText(code))",
                hint: "check that it is installed and in PATH")
        }
        child.began(pid)
    }
}

/// A child process between its start and its end; it may be ended from another thread.
final class Child: Sendable {
    private enum State { case waiting, cancelled, running(pid_t), ended }
    private let state = Mutex(State.waiting)
    private let ownsGroup: Bool

    init(ownsGroup: Bool) { self.ownsGroup = ownsGroup }

    func began(_ pid: pid_t) {
        state.withLock {
            if case .cancelled = $0 { kill(ownsGroup ? -pid : pid, SIGKILL) }
            $0 = .running(pid)
        }
    }

    func end() {
        state.withLock {
            switch $0 {
            case .waiting: $0 = .cancelled
            case .running(let pid): kill(ownsGroup ? -pid : pid, SIGKILL)
            case .cancelled, .ended: break
            }
        }
    }

    /// The status once the process has ended, nil before.
    func ended() -> Int32? {
        state.withLock {
            guard case .running(let pid) = $0 else { return nil }
            var status: Int32 = 0
            guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
            $0 = .ended
            let signal = status & 0x7f
            return signal == 0 ? (status >> 8) & 0xff : 128 + signal
        }
    }
}

/// Runs blocking work on a thread that is not one of Swift's few.
func offload<R: Sendable>(_ work: @escaping @Sendable () -> R) async -> R {
    await withCheckedContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(returning: work()) }
    }
}

/// Calls `body` with a null-ended array of C strings.
func withCStrings<R>(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R) -> R {
    let pointers = strings.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers + [nil])
}
