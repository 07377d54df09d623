// F11: a password goes in after it was asked for, once, and a script only after a root shell has said that it is there.
// The far end is a real sshd; a few lines of shell stand in for sudo.
import SSHTransport
import Testing

extension LiveSSHTests {
    @Suite struct PromptTests {
        private static let prompt = SSHCommand.Prompt(
            question: [UInt8]("n0 password".utf8), answer: SecretBytes([UInt8]("pass word's $(id)".utf8)),
            settled: [UInt8]("n0 sudo\n".utf8))

        /// Asks up to three times, as sudo does, then runs a shell that reads its script from standard input.
        private static let asks = """
            for try in 1 2 3; do
              printf 'We trust you have received the usual lecture.\\nn0 password' >&2
              IFS= read -r given || { echo 'no password was provided' >&2; exit 1; }
              [ "$given" = "pass word's \\$(id)" ] && { printf 'n0 sudo\\n'; exec /bin/sh -s; }
              echo 'Sorry, try again.' >&2
            done
            exit 1
            """

        private func run(_ program: String, script: String, prompt: SSHCommand.Prompt = Self.prompt) async throws
            -> SSHResult
        {
            var result: SSHResult?
            try await withSSHD { daemon in
                try await using(try daemon.client()) { client in
                    let line = try ShellWord.line(["exec", "/bin/sh", "-c", program])
                    let command = SSHCommand(
                        line, standardInput: [UInt8](script.utf8), prompt: prompt, deadline: .seconds(20))
                    result = try await client.run(command, on: try daemon.endpoint())
                }
            }
            return try #require(result)
        }

        @Test func `sudo asks: the password goes in, then the script (F11)`() async throws {
            let result = try await run(Self.asks, script: "echo it runs\n")
            #expect(result.exitStatus == 0)
            #expect(result.text == "n0 sudo\nit runs\n")
            #expect(!result.errorText.contains("pass word"))
        }

        @Test func `not asked: the password stays here`() async throws {
            let result = try await run("printf 'n0 sudo\\n'; exec cat", script: "echo it runs\n")
            #expect(result.text == "n0 sudo\necho it runs\n")
        }

        @Test func `a wrong password: asked again, the input ends; the script stays here (F11)`() async throws {
            let wrong = SSHCommand.Prompt(
                question: Self.prompt.question, answer: SecretBytes([UInt8]("guess".utf8)), settled: Self.prompt.settled
            )
            let result = try await run(Self.asks, script: "echo it runs\n", prompt: wrong)
            #expect(result.exitStatus == 1)
            #expect(result.standardOutput == [])
            #expect(result.errorText.contains("Sorry, try again."))
        }
    }
}
