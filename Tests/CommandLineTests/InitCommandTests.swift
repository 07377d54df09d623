// `muster init` as it is typed: it writes what it reads again, never over a file, and says what to look at.
import Foundation
import Testing

@Suite("init") struct InitCommandTests {
    @Test("addresses → a file that check reads; a second time it refuses, with --force it writes")
    func addresses() throws {
        let place = try Workplace()
        try place.write("", to: ".ssh/id_ed25519")
        let key = "AAAAC3NzaC1lZDI1NTE5AAAAIGmZ5WFjDqAWIYGgVXXEyYvGEdXCkLSrN+8AZyBb9Nco"
        try place.write("10.0.0.1 ssh-ed25519 \(key)\n", to: ".ssh/known_hosts")
        let made = try place.muster("init", "eu1", "10.0.0.1-3")
        #expect(made.code == 0 && made.output == "", "\(made)")
        #expect(made.errors.contains("note: 2 of 3 hosts have no host key yet"))
        #expect(made.errors.hasSuffix("wrote eu1.yaml: 3 hosts in 1 cluster; next: muster check eu1.yaml\n"))
        let text = try #require(place.text("eu1.yaml"))
        #expect(text.contains("keyFile: \"~/.ssh/id_ed25519\"") && text.contains("hostKey: \"SHA256:"))
        let again = try place.muster("init", "eu1", "10.0.0.9")
        #expect(again.code == 64 && again.errors.contains("it is there already; write over it with `--force`"))
        #expect(place.text("eu1.yaml") == text)
        #expect(try place.muster("init", "eu1", "10.0.0.9", "--force").code == 0)
        #expect(place.text("eu1.yaml")?.contains("10.0.0.9") == true)
    }

    @Test("an inventory with mistakes → all of them with their lines, and no file")
    func mistakes() throws {
        let place = try Workplace()
        try place.write("h1 ansible_host=10.0.0.1 ansible_user=a\nh2 ansible_user=b\nh3[1:\n", to: "hosts")
        let ended = try place.muster("init", "eu1", "--from-ansible", "hosts")
        #expect(ended.code == 64 && ended.errors.contains("error: hosts:3: `h3[1:` names no hosts"), "\(ended)")
        #expect(place.text("eu1.yaml") == nil)
    }

    @Test("to standard output, for pipes")
    func standardOutput() throws {
        let place = try Workplace()
        let ended = try place.muster("init", "eu1", "10.0.0.1", "--output", "-")
        #expect(ended.code == 0 && ended.output.hasPrefix("# Region `eu1`: 1 host."))
        #expect(place.text("eu1.yaml") == nil && place.text("-") == nil)
    }
}
