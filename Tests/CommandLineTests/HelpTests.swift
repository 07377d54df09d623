// `--help` is the manual: every verb says what it does, with an example, in lines that a terminal shows; and shells can
// complete what there is.
import Foundation
import Testing

@Suite("Help") struct HelpTests {
    /// One command of the tree that the argument parser prints.
    private struct Command {
        let path: String
        let abstract: String
        let discussion: String
        let isLeaf: Bool
    }

    private func commands() throws -> [Command] {
        let text = try Workplace().muster("--experimental-dump-help").output
        let tree = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        return below(try #require(tree["command"] as? [String: Any]), path: "")
    }

    private func below(_ command: [String: Any], path: String) -> [Command] {
        let name = path + (path.isEmpty ? "" : " ") + (command["commandName"] as? String ?? "")
        let children = (command["subcommands"] as? [[String: Any]] ?? []).filter {
            $0["commandName"] as? String != "help" && $0["shouldDisplay"] as? Bool != false
        }
        let this = Command(
            path: name, abstract: command["abstract"] as? String ?? "",
            discussion: command["discussion"] as? String ?? "", isLeaf: children.isEmpty)
        return [this] + children.flatMap { below($0, path: name) }
    }

    @Test("every verb has a sentence and an example")
    func examples() throws {
        let commands = try commands().filter { $0.path != "muster help" }
        #expect(commands.count > 30)
        for command in commands {
            #expect(command.abstract.hasSuffix("."), "\(command.path)")
            if command.isLeaf {
                #expect(
                    command.discussion.contains("Example") || command.discussion.contains("muster "), "\(command.path)")
            }
        }
    }

    @Test(
        "help fits a terminal of 120 columns, and says nothing twice on a line's end",
        arguments: [
            ["--help"], ["hosts", "exec", "--help"], ["init", "--help"], ["up", "--help"],
            ["hosts", "trust", "--help"],
        ])
    func width(words: [String]) throws {
        let place = try Workplace()
        let help =
            try words.count == 1
            ? place.muster(words[0])
            : words.count == 2 ? place.muster(words[0], words[1]) : place.muster(words[0], words[1], words[2])
        #expect(help.code == 0 && help.output.contains("USAGE: muster"))
        for line in help.output.split(separator: "\n") { #expect(line.count <= 120, "\(line)") }
    }

    @Test(
        "completion scripts are made for three shells, and bash and the others read them",
        arguments: [
            ("bash", "/bin/bash"), ("zsh", "/bin/zsh"), ("fish", "/usr/bin/fish"),
        ])
    func completions(shell: String, path: String) throws {
        let place = try Workplace()
        let made = try place.muster("--generate-completion-script", shell)
        #expect(made.code == 0 && made.output.contains("exec") && made.output.contains("muster"))
        guard FileManager.default.isExecutableFile(atPath: path) else { return }
        try place.write(made.output, to: "script")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["-n", "\(place.folder)/script"]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    @Test("bash completes hosts out of the manifest on the line, and regions that this machine knows")
    func custom() throws {
        let place = try Workplace()
        try place.write(
            """
            muster: 1
            region: eu1
            domains: [zone-1]
            clusters: [{name: shop, control: true, managers: 1}]
            hosts: [{name: eu1-07, address: 10.0.0.1, domain: zone-1, cluster: shop}]
            """, to: "eu1.yaml")
        try place.write("{}", to: "state/eu9/context.json")
        #expect(try complete("muster hosts trust ", in: place) == ["eu1-07"])
        #expect(try complete("muster hosts exec eu1.yaml --cluster ", in: place) == ["shop"])
        #expect(try complete("muster status --region ", in: place) == ["eu9"])
        #expect(try complete("muster hosts ex", in: place) == ["exec"])
    }

    /// What bash offers at the end of a line.
    private func complete(_ line: String, in place: Workplace) throws -> [String] {
        try place.write(try place.muster("--generate-completion-script", "bash").output, to: "script")
        let words = line.split(separator: " ", omittingEmptySubsequences: false).map { "'\($0)'" }
        let text = """
            PATH=\((try Workplace.binary as NSString).deletingLastPathComponent):$PATH
            . ./script
            COMP_LINE='\(line)' COMP_POINT=\(line.utf8.count) COMP_TYPE=9 COMP_KEY=9
            COMP_WORDS=(\(words.joined(separator: " "))) COMP_CWORD=\(words.count - 1)
            COMPREPLY=()
            _muster muster "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", text]
        process.currentDirectoryURL = URL(fileURLWithPath: place.folder)
        process.environment = ["HOME": place.folder, "MUSTER_HOME": "\(place.folder)/state", "PATH": "/usr/bin:/bin"]
        _ = FileManager.default.createFile(atPath: "\(place.folder)/reply", contents: nil)
        process.standardOutput = FileHandle(forWritingAtPath: "\(place.folder)/reply")
        try process.run()
        process.waitUntilExit()
        let reply = place.text("reply") ?? ""
        return reply.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.sorted()
    }
}
