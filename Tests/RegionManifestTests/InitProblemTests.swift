// Everything that is wrong with a source is said at once, with its line, and nothing is written.
import FleetModel
import Testing

@testable import RegionManifest

@Suite struct InitProblemTests {
    @Test("words of the command line")
    func words() {
        let words = ["10.0.0.9-3", "web[1:", "10.0.0.1", "x=10.0.0.1", "10.0.0.300", "a b", "[1:99999]"]
        #expect(
            Drafts.problems(.addresses(words), files: [:]) == [
                "command line:1: `10.0.0.9-3` names no hosts: its range ends before it begins",
                "command line:2: `web[1:` names no hosts: `[` has no `]` after it",
                "command line:7: `[1:99999]` names no hosts: it stands for 99999 hosts, more than 20000",
            ])
        #expect(
            Drafts.problems(.addresses(["10.0.0.1", "x=10.0.0.1", "10.0.0.300", "y=a b"]), files: [:]) == [
                "command line:2: address `10.0.0.1` is given twice: first at line 1; each may be there once",
                "command line:3: host `10.0.0.300` has no address: `10.0.0.300` is neither an IPv4 address nor a DNS name",
                "command line:4: host `y` has no address: `a b` is neither an IPv4 address nor a DNS name",
            ])
    }

    @Test("an inventory's form")
    func iniForm() {
        let text = """
            h1 ansible_host="10.0.0.1
            [web
            [web:hostz]
            h2 port
            [web:children]
            gone
            [a:children]
            a
            """
        #expect(
            Drafts.problems(.ansible(path: "i", patterns: []), files: ["i": text]) == [
                "i:1: a quote is not closed; close it on the same line",
                "i:2: `[web` names no hosts: `[` has no `]` after it",
                "i:3: `[web:hostz]` begins no section; write `[group]`, `[group:vars]` or `[group:children]`",
                "i:4: `port` is no `key=value`; one line is one host",
            ])
        let groups = "[web:children]\ngone\n[a:children]\nb\n[b:children]\na\n"
        #expect(
            Drafts.problems(.ansible(path: "i", patterns: []), files: ["i": groups]).first
                == "i:2: there is no group `gone`; define it, or remove it")
        #expect(
            Drafts.problems(.ansible(path: "i", patterns: []), files: ["i": groups.replacing("gone", with: "b")]).first
                == "i:2: group `b` contains itself; break the circle")
    }

    @Test("what a manifest cannot say: two accounts, templates, a chain of bastions, no such group")
    func values() {
        let text = """
            h1 ansible_host=10.0.0.1 ansible_user=root
            h2 ansible_host=10.0.0.2 ansible_user=ops
            """
        #expect(
            Drafts.problems(.ansible(path: "i", patterns: []), files: ["i": text]) == [
                "i:2: the hosts have different accounts: `root` of `h1`, `ops` of `h2`; a manifest has one for all: "
                    + "choose hosts by name or group, or name one for all with `--user`"
            ])
        #expect(
            Drafts.problems(.ansible(path: "i", patterns: ["web"]), files: ["i": text]).first
                == "i:1: it has neither a host nor a group `web`; check the spelling")
        let template = "h1 ansible_host=\"{{ ip }}\"\n"
        #expect(
            Drafts.problems(.ansible(path: "i", patterns: []), files: ["i": template]).first
                == "i:1: `{{ ip }}` of host `h1` is computed by Ansible, and only plain values are read; "
                + "`ansible-inventory --list --yaml` writes the values out")
        let chain = "Host h1\n HostName 10.0.0.1\n ProxyJump a,b\n"
        #expect(
            Drafts.problems(.sshConfig(path: "c", patterns: []), files: ["c": chain]).first
                == "c:3: `a,b` is no bastion; one bastion is written like `ops@192.0.2.1:22`; several in "
                + "a row cannot be said")
        #expect(
            Drafts.problems(.addresses(["10.0.0.1-2"]), files: [:]) { $0.managers = 3 }
                == [
                    "command line:1: 3 managers cannot be made of 2 hosts; use 1, 3, 5 or 7, and at most as many as the "
                        + "control cluster has hosts"
                ])
    }

    @Test("files: absent, a program, a circle of includes, odd YAML")
    func files() {
        #expect(
            Drafts.problems(.ansible(path: "i", patterns: []), files: [:])
                == ["i:1: there is no such file; check its name"])
        #expect(
            Drafts.problems(.ansible(path: "i", patterns: []), files: ["i": "#!/bin/sh\n"]).first
                == "i:1: it is a program that makes an inventory; write what it makes into a file: "
                + "`ansible-inventory -i i --list --yaml`")
        let circle = Drafts.problems(
            .sshConfig(path: "/c", patterns: []),
            files: ["/c": "Include /d\nHost h\n HostName 10.0.0.1\n", "/d": "Include /d\n"])
        #expect(circle.first?.contains("leads too far: into a circle perhaps") == true)
        #expect(
            Drafts.problems(.ansible(path: "i.yml", patterns: []), files: ["i.yml": "all:\n  host: {h1: }\n"])
                == ["i.yml:2: group `all` has no key `host`; its keys are hosts, vars, children"])
        #expect(
            Drafts.problems(.ansible(path: "i.yml", patterns: []), files: ["i.yml": "- h1\n"]).first?
                .hasPrefix("i.yml:1: an inventory must be a mapping, not a list; `ansible-inventory --list --yaml`")
                == true)
    }
}
