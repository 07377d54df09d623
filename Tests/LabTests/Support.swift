// What the live tests share: the serialized suite (labs take both cores, so one at a time), and waiting for a host to
// become what a test expects.
import Testing

@testable import Lab

/// Real hosts on this machine.
@Suite(.serialized, .enabled(if: LabGate.isOpen, "this machine cannot carry lab hosts; the reason is printed above"))
enum LiveLab {}

/// Polls until the condition holds; false if it does not within the deadline.
func eventually(within deadline: Duration = .seconds(20), _ condition: () async throws -> Bool) async rethrows -> Bool {
    let start = ContinuousClock.now
    while start.duration(to: .now) < deadline {
        if try await condition() { return true }
        try? await Task.sleep(for: .milliseconds(20))
    }
    return false
}

extension LabRegion {
    /// What a command printed in a host, without the last line end; an error unless it ended with 0.
    func said(_ host: Int, _ command: String, user: String = "root") async throws -> String {
        let result = try await ssh(host, command, user: user)
        try #require(result.status == 0, "\(command): \(result.errors)")
        return result.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().joined(separator: "\n")
    }

    /// Waits until a host has booted again since it had this pid, and its sshd answers.
    func waitForReboot(_ host: Int, since pid: Int32?) async throws {
        let isBack = try await eventually(within: .seconds(60)) {
            let now = try self.host(host).pid
            return now != nil && now != pid
        }
        try #require(isBack, "`h\(host)` did not boot again")
        try await waitForHosts([host])
    }

    func host(_ index: Int) throws -> LabHost { try #require(hosts().first { $0.index == index }) }
}

/// The error's text, for tests that read it as prose.
func errorText(_ work: () async throws -> Void) async -> String {
    do {
        try await work()
        return "no error"
    } catch {
        return "\(error)"
    }
}
