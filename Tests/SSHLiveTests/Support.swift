// A private sshd for each test that wants one: own port, own host keys, own account, nothing left behind.
import Foundation
import Glibc
import SSHTransport
import Testing

/// Why live tests cannot run here, or nil. `MUSTER_REQUIRE=sshd` turns the skip into failures.
enum LiveSSH {
    static let obstacle: String? = {
        if getuid() != 0 { return "a private sshd with its own account needs root" }
        for tool in ["/usr/sbin/sshd", "/usr/bin/ssh-keygen", "/usr/bin/ssh-agent", "/usr/sbin/useradd"]
        where access(tool, X_OK) != 0 {
            return "`\(tool)` is missing"
        }
        return nil
    }()
    static let isRequired = ProcessInfo.processInfo.environment["MUSTER_REQUIRE"]?.contains("sshd") == true
    static let shouldRun = obstacle == nil || isRequired
    static var reason: Comment { "live ssh tests skipped: \(obstacle ?? "")" }
}

/// All tests with a real sshd. One at a time: they measure time, and this machine may have two cores.
@Suite(.serialized, .enabled(if: LiveSSH.shouldRun, LiveSSH.reason)) struct LiveSSHTests {}

struct ToolFailure: Error, CustomStringConvertible { let description: String }

/// Runs a local tool to its end and returns what it wrote. Through a file: the write end of a pipe leaks into whatever
/// another test starts at that moment.
@discardableResult
func tool(_ path: String, _ arguments: [String], environment: [String: String] = [:]) throws -> String {
    let file = "/tmp/mssh-tool-\(UUID().uuidString)"
    defer { unlink(file) }
    let settings = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"] + environment.map { "\($0.key)=\($0.value)" }
    let pid = try spawn([path] + arguments, environment: settings, output: file)
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    let output = String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
    if status != 0 { throw ToolFailure(description: "\(path) \(arguments): \(output)") }
    return output
}

/// Starts a process with no signal blocked: the threads of Swift's runtime block them all, and sshd would inherit that.
func spawn(_ arguments: [String], environment: [String], output: String = "/dev/null") throws -> pid_t {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_RDWR | O_CREAT, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    for number in Int32(3)..<1024 { posix_spawn_file_actions_addclose(&actions, number) }
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var settings: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
    defer { for word in words + settings { free(word) } }
    var pid: pid_t = 0
    let result = posix_spawn(&pid, arguments[0], &actions, &attributes, &words, &settings)
    if result != 0 { throw ToolFailure(description: "\(arguments[0]): \(String(cString: strerror(result)))") }
    return pid
}

/// An account with uid 0 and a clean home: root's own shell start-up files cost seconds a login on some machines.
enum TestAccount {
    static let name = "mssh\(getpid())"
    static let home = "/tmp/\(name)"
    static let problem: String? = {
        do {
            sweep()
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            _ = FileManager.default.createFile(atPath: home + "/.hushlogin", contents: nil)
            try tool(
                "/usr/sbin/useradd",
                ["-o", "-u", "0", "-g", "0", "-N", "-M", "-d", home, "-s", "/bin/sh", "-p", "*", name])
            atexit { TestAccount.remove(TestAccount.name) }
            return nil
        } catch { return "\(error)" }
    }()

    static func remove(_ name: String) {
        _ = try? tool("/usr/sbin/userdel", ["-f", name])
        try? FileManager.default.removeItem(atPath: "/tmp/\(name)")
    }

    /// What test runs that were killed have left: accounts, daemons, mounts, folders.
    private static func sweep() {
        let passwd = (try? String(contentsOfFile: "/etc/passwd", encoding: .utf8)) ?? ""
        let accounts = passwd.split(separator: "\n").map { String($0.prefix { $0 != ":" }) }
        let folders = (try? FileManager.default.contentsOfDirectory(atPath: "/tmp")) ?? []
        for name in Set(accounts + folders) where name.hasPrefix("mssh") {
            guard let pid = Int32(name.dropFirst(4)), kill(pid, 0) != 0, errno == ESRCH else { continue }
            endDaemons(of: name)
            if accounts.contains(name) { _ = try? tool("/usr/sbin/userdel", ["-f", name]) }
            let mounts = (try? String(contentsOfFile: "/proc/mounts", encoding: .utf8)) ?? ""
            for path in mounts.split(separator: " ") where path.hasPrefix("/tmp/\(name)/") {
                _ = try? tool("/usr/bin/umount", [String(path)])
            }
            try? FileManager.default.removeItem(atPath: "/tmp/\(name)")
        }
    }

    /// Only processes whose command line names that run's own folder.
    private static func endDaemons(of name: String) {
        for pid in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let number = Int32(pid), let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline")
            else {
                continue
            }
            let words = String(decoding: line, as: UTF8.self)
            if words.contains("/tmp/\(name)/"), words.contains("sshd") || words.contains("ssh-agent") {
                kill(number, SIGKILL)
            }
        }
    }
}

/// One running sshd. `address` is the first of many: it listens on all of 127.0.0.0/8.
final class PrivateSSHD {
    let folder: String
    let port: UInt16
    let user = TestAccount.name
    let address: String
    private var process: pid_t = 0
    private var agents: [Int32] = []
    private var hostKeyCache: [String: (line: String, fingerprint: SSHFingerprint)] = [:]

    /// - Parameters:
    ///   - hostKeys: key types, as for `ssh-keygen -t`.
    ///   - options: lines for sshd_config; they come first and therefore win.
    init(hostKeys: [String] = ["ed25519"], options: [String] = []) throws {
        if let obstacle = LiveSSH.obstacle ?? TestAccount.problem { throw ToolFailure(description: obstacle) }
        folder = "/tmp/\(TestAccount.name)/\(UUID().uuidString.prefix(8))"
        address = "127.\(Int.random(in: 1...200)).\(Int.random(in: 0...200)).1"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        port = try FreePort.find()
        try makeKey("id_ed25519", type: "ed25519")
        try FileManager.default.copyItem(atPath: path("id_ed25519.pub"), toPath: path("authorized_keys"))
        for type in hostKeys { try makeKey("host_\(type)", type: type) }
        try configure(hostKeys, options)
        try startAgain()
    }

    func path(_ name: String) -> String { folder + "/" + name }

    func makeKey(_ name: String, type: String, passphrase: String = "", more: [String] = []) throws {
        try tool(
            "/usr/bin/ssh-keygen", ["-q", "-t", type, "-N", passphrase, "-C", name, "-f", path(name)] + more)
    }

    func authorize(_ name: String) throws {
        let line = try String(contentsOfFile: path(name + ".pub"), encoding: .utf8)
        let handle = try #require(FileHandle(forWritingAtPath: path("authorized_keys")))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(line.utf8))
        try handle.close()
    }

    private func configure(_ hostKeys: [String], _ options: [String]) throws {
        try FileManager.default.createDirectory(atPath: "/run/sshd", withIntermediateDirectories: true)
        let lines =
            options + hostKeys.map { "HostKey \(path("host_\($0)"))" } + [
                "Port \(port)", "ListenAddress 0.0.0.0", "ListenAddress ::1", "PidFile none", "StrictModes no",
                "UsePAM no", "AuthorizedKeysFile \(path("authorized_keys"))", "PermitRootLogin yes",
                "PasswordAuthentication no", "KbdInteractiveAuthentication no", "LoginGraceTime 0", "UseDNS no",
                "PrintMotd no", "PrintLastLog no", "MaxStartups 2000", "LogLevel ERROR",
            ]
        try lines.joined(separator: "\n").appending("\n").write(
            toFile: path("sshd_config"), atomically: true, encoding: .utf8)
    }

    /// On the same port as before.
    func startAgain() throws {
        process = try spawn(
            ["/usr/sbin/sshd", "-D", "-f", path("sshd_config"), "-E", path("sshd.log")],
            environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"])
        let end = ContinuousClock.now + .seconds(10)
        while !FreePort.answers(port) {
            if waitpid(process, nil, WNOHANG) != 0 || ContinuousClock.now > end {
                throw ToolFailure(description: "sshd did not start: \(log)")
            }
            usleep(5000)
        }
    }

    var log: String { (try? String(contentsOfFile: path("sshd.log"), encoding: .utf8)) ?? "" }

    /// As when the machine loses power: the listener and all its sessions, at once.
    func killAll() throws {
        var family = [process]
        for pid in try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap({ Int32($0) }) {
            let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
            if status.contains("\nPPid:\t\(process)\n") { family.append(pid) }
        }
        for pid in family { kill(pid, SIGKILL) }
        waitpid(process, nil, 0)
        process = 0
    }

    func stop() {
        if process > 0 {
            kill(process, SIGTERM)
            waitpid(process, nil, 0)
            process = 0
        }
        for agent in agents { kill(agent, SIGKILL) }
        try? FileManager.default.removeItem(atPath: folder)
    }

    // MARK: what tests name

    func hostKey(_ type: String = "ed25519") throws -> (line: String, fingerprint: SSHFingerprint) {
        if let known = hostKeyCache[type] { return known }
        let words = try String(contentsOfFile: path("host_\(type).pub"), encoding: .utf8).split(separator: " ")
        let listing = try tool("/usr/bin/ssh-keygen", ["-lf", path("host_\(type).pub")]).split(separator: " ")
        let key = ("\(words[0]) \(words[1])", try #require(SSHFingerprint(String(listing[1]))))
        hostKeyCache[type] = key
        return key
    }

    func endpoint(_ address: String? = nil, pinned: [String] = ["ed25519"]) throws -> SSHEndpoint {
        SSHEndpoint(
            address: address ?? self.address, port: port, user: user,
            pinnedKeys: try pinned.map { try hostKey($0).fingerprint })
    }

    func client(
        identity: SSHIdentity? = nil, knownHosts: SSHKnownHosts? = nil,
        _ adjust: (inout SSHConfiguration) -> Void = { _ in }
    ) throws -> SSHClient {
        var configuration = SSHConfiguration(
            identity: identity ?? .keyFile(path("id_ed25519")), knownHosts: knownHosts)
        adjust(&configuration)
        return try SSHClient(configuration: configuration)
    }

    /// An agent that holds the named keys; returns its socket.
    func agent(holding keys: [String]) throws -> String {
        let socket = path("agent-\(agents.count)")
        let output = try tool("/usr/bin/ssh-agent", ["-s", "-a", socket])
        let pid = output.split(separator: "SSH_AGENT_PID=").dropFirst().first?.prefix { $0.isNumber } ?? ""
        agents.append(try #require(Int32(pid)))
        for key in keys { try tool("/usr/bin/ssh-add", ["-q", path(key)], environment: ["SSH_AUTH_SOCK": socket]) }
        return socket
    }
}

enum FreePort {
    /// A port that nobody has just now; the next caller may get another.
    static func find() throws -> UInt16 {
        let listener = try Listener(backlog: 1)
        defer { listener.close() }
        return listener.port
    }

    static func answers(_ port: UInt16) -> Bool {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { Glibc.close(number) }
        return Listener.connect(number, port) == 0
    }
}

/// Runs `body` against a fresh sshd and takes it down on every way out.
func withSSHD(
    hostKeys: [String] = ["ed25519"], options: [String] = [], _ body: (PrivateSSHD) async throws -> Void
) async throws {
    let daemon = try PrivateSSHD(hostKeys: hostKeys, options: options)
    defer { daemon.stop() }
    try await body(daemon)
}

/// A client for the time of `body`, shut down on every way out.
func using(_ client: SSHClient, _ body: (SSHClient) async throws -> Void) async throws {
    do {
        try await body(client)
        await client.shutdown()
    } catch {
        await client.shutdown()
        throw error
    }
}

/// The typed error of `body`; a failure of the test when there is none.
func failure(_ body: () async throws -> some Any) async throws -> SSHError {
    do {
        let value = try await body()
        throw ToolFailure(description: "expected an error, got \(value)")
    } catch let error as SSHError {
        return error
    }
}

/// Polls until `condition` holds.
func eventually(_ seconds: Int = 10, _ condition: () throws -> Bool) async throws -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
        if try condition() { return true }
        try await Task.sleep(for: .milliseconds(10))
    }
    return try condition()
}

extension SSHResult {
    var text: String { String(decoding: standardOutput, as: UTF8.self) }
    var errorText: String { String(decoding: standardError, as: UTF8.self) }
}
