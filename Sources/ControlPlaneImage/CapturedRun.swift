// Runs the loader and keeps what it says. Nothing else is run to make an image.
import FleetModel
import Glibc

/// A program that ran to its end; output and errors together.
struct CapturedRun {
    /// The exit code, or 128 + the signal's number.
    let status: Int32
    let output: String

    init(_ words: [String], setting: [String: String], unsetting: [String]) throws(FleetProblem) {
        var ends: [Int32] = [0, 0]
        // Swift's Glibc has no `pipe2`; this is the other pair that no child of another thread can inherit by accident.
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw Self.problem(words[0], errno) }
        let environment = Self.environment(setting, without: unsetting)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        var pid = pid_t()
        let code = Self.withCStrings(words) { argv in
            Self.withCStrings(environment) { posix_spawn(&pid, words[0], &actions, nil, argv, $0) }
        }
        close(ends[1])
        defer { close(ends[0]) }
        guard code == 0 else { throw Self.problem(words[0], code) }
        output = Self.everything(ends[0])
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        let signal = status & 0x7f
        self.status = signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }

    private static func everything(_ descriptor: Int32) -> String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)  // a trace of 40 libraries is 3 KB; it is read once or twice
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk[..<count]
        }
    }

    private static func environment(_ setting: [String: String], without: [String]) -> [String] {
        let dropped = Set(without + setting.keys)
        var words: [String] = []
        var cursor = environ
        while let word = cursor.pointee {
            let text = String(cString: word)
            if !dropped.contains(String(text.prefix { $0 != "=" })) { words.append(text) }
            cursor += 1
        }
        return words + setting.map { "\($0)=\($1)" }
    }

    private static func withCStrings<R>(_ words: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R) -> R {
        let pointers = words.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers + [nil])
    }

    private static func problem(_ program: String, _ code: Int32) -> FleetProblem {
        FleetProblem(
            .failed, "libraries-unlisted", subject: "image", "cannot run the loader `\(program)`",
            cause: errorText(code), hint: "make the image on a machine that can run the executable")
    }
}
