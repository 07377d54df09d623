// What `muster init` makes of addresses, inventories and ssh configurations: policies, and files that read to them.
import FleetModel
import Foundation
import Testing

@testable import RegionManifest

/// Files in memory.
struct MemoryFiles: FileTree {
    var files: [String: String] = [:]

    func text(_ path: String) -> Result<String, UnreadableFile>? { files[path].map { .success($0) } }
    func names(in folder: String) -> [String] {
        files.keys.filter { $0.hasPrefix(folder + "/") }.map {
            String($0.dropFirst(folder.count + 1).prefix { $0 != "/" })
        }
        .reduce(into: Set<String>()) { $0.insert($1) }.sorted()
    }
}

enum Drafts {
    static let environment = ["HOME": "/home/ops", "USER": "ops"]

    /// The policy that a source gives, after its file was written, read back and found the same.
    static func policy(
        _ source: DraftSource, files: [String: String] = [:], region: String = "eu1",
        keys: [String: String] = [:], _ adjust: (inout DraftOptions) -> Void = { _ in }
    ) throws(FleetProblems) -> (policy: FleetPolicy, text: String, notes: [String]) {
        var options = DraftOptions()
        adjust(&options)
        let draft = try ManifestDraft(
            region: region, source: source, options: options, files: MemoryFiles(files: files),
            environment: environment, directory: "/work", hostKey: { keys["\($0):\($1)"] })
        let text = try draft.yaml(file: "eu1.yaml", environment: environment)
        return (draft.policy, text, draft.notes)
    }

    static func problems(
        _ source: DraftSource, files: [String: String], _ adjust: (inout DraftOptions) -> Void = { _ in }
    )
        -> [String]
    {
        do throws(FleetProblems) {
            _ = try policy(source, files: files, adjust)
            return []
        } catch {
            return error.all.map(\.description)
        }
    }
}

@Suite struct InitTests {
    @Test("addresses, ranges and names: numbered names, three managers, one domain with a note")
    func addresses() throws {
        let made = try Drafts.policy(.addresses(["10.0.0.1-3", "db=10.0.0.9", "web[08:10].example.org"]))
        #expect(made.policy.hosts.map(\.name) == ["eu1-01", "eu1-02", "eu1-03", "db", "web08", "web09", "web10"])
        #expect(
            made.policy.hosts.map(\.address).suffix(4) == ["10.0.0.9"]
                + (8...10).map { "web\($0 < 10 ? "0" : "")\($0).example.org" })
        #expect(made.policy.clusters == [ClusterPolicy(name: "control", isControl: true, managers: 3)])
        #expect(made.policy.access.user == "root" && made.policy.domains == ["a"])
        #expect(made.notes.contains { $0.contains("one failure domain") })
        #expect(made.notes.contains { $0.hasPrefix("7 of 7 hosts have no host key yet") })
    }

    @Test("options: account, key, domains in turn; host keys where they are known")
    func options() throws {
        let key = "SHA256:" + String(repeating: "k", count: 43)
        let made = try Drafts.policy(
            .addresses(["10.0.0.1-4"]), keys: ["10.0.0.2:2222": key]
        ) {
            ($0.user, $0.port, $0.keyFile, $0.managers) = ("ops", 2222, "~/.ssh/id_ed25519", 1)
            $0.domains = ["x", "y", "z"]
        }
        #expect(made.policy.hosts.map(\.domain) == ["x", "y", "z", "x"])
        #expect(made.policy.hosts.map(\.hostKey) == [nil, key, nil, nil])
        #expect(made.policy.access.keyFile == "/home/ops/.ssh/id_ed25519" && made.policy.access.sudo == .nopasswd)
        #expect(made.text.contains("keyFile: \"~/.ssh/id_ed25519\""))
    }

    @Test("what is commented out are the defaults: uncommented, the file reads to the same policy")
    func defaults() throws {
        let made = try Drafts.policy(.addresses(["10.0.0.1"]))
        let open = made.text.split(separator: "\n").map { line in
            ["# engine:", "# network:", "# controlPlane:", "# budgets:"].contains { line.hasPrefix($0) }
                ? line.dropFirst(2) : line
        }
        #expect(open.filter { $0.hasPrefix("budgets:") }.count == 1)
        let read = try Manifest.policy(
            fromYAML: open.joined(separator: "\n"), file: "eu1.yaml", environment: Drafts.environment)
        #expect(read == made.policy)
    }

    static let ini = """
        # the company
        db.example.org:2222 ansible_host=10.0.0.30   # a comment
        [web]
        web[01:03].example.org zone=a
        web04.example.org zone=b ansible_host="10.0.0.14"
        [web:vars]
        ansible_port = 2222
        [eu1:children]
        web
        shop
        [shop]
        shop[a:b] ansible_host=10.0.1.1   # twice, on purpose below
        [eu1:vars]
        ansible_user=deploy
        ansible_ssh_common_args='-o ProxyJump=jump@192.0.2.1:2200 -o Foo=bar'
        ansible_private_key_file=~/.ssh/deploy
        """

    static let yaml = """
        all:
          hosts:
            db.example.org: {ansible_host: 10.0.0.30, ansible_port: 2222}
          children:
            eu1:
              vars:
                {ansible_user: deploy, ansible_private_key_file: ~/.ssh/deploy,
                 ansible_ssh_common_args: "-J jump@192.0.2.1:2200"}
              children:
                web:
                  hosts:
                    web[01:03].example.org: {zone: a}
                    web04.example.org: {zone: b, ansible_host: 10.0.0.14, secret: !vault "x"}
                  vars: {ansible_port: 2222}
        """

    @Test("an inventory in either form: groups, children, variables, ranges, a bastion", arguments: ["i.ini", "i.yml"])
    func inventory(name: String) throws {
        let text =
            name == "i.ini"
            ? Self.ini.replacing("shop[a:b] ansible_host=10.0.1.1   # twice, on purpose below", with: "") : Self.yaml
        let made = try Drafts.policy(.ansible(path: name, patterns: ["eu1"]), files: [name: text])
        let policy = made.policy
        #expect(policy.hosts.map(\.name) == ["web01", "web02", "web03", "web04"])
        #expect(policy.hosts.map(\.domain) == ["a", "a", "a", "b"])
        #expect(
            policy.hosts.map(\.address) == ["web01.example.org", "web02.example.org", "web03.example.org", "10.0.0.14"])
        #expect(policy.access.user == "deploy" && policy.access.port == 2222 && policy.access.sudo == .nopasswd)
        #expect(policy.access.keyFile == "/home/ops/.ssh/deploy")
        #expect(policy.access.bastion == BastionPolicy(address: "192.0.2.1", port: 2200, user: "jump"))
    }

    @Test("files of variables beside the inventory: groups from the wide to the narrow, then the host")
    func variableFiles() throws {
        let files = [
            "inv/hosts": "[all]\nh1 ansible_host=10.0.0.1\nh2 ansible_host=10.0.0.2\n[web]\nh1\nh2\n",
            "inv/group_vars/all.yml": "---\nansible_user: wide\nansible_port: 22\nplay: [1, 2]\n",
            "inv/group_vars/web/main.yml": "ansible_user: narrow\n",
            "inv/group_vars/web/vault.yml": "$ANSIBLE_VAULT;1.1;AES256\n6162\n",
            "inv/host_vars/h2.yaml": "ansible_user: narrow\nansible_port: 22\n", "inv/host_vars/h1": "# nothing\n",
        ]
        let access = try Drafts.policy(.ansible(path: "inv/hosts", patterns: []), files: files).policy.access
        #expect(access.user == "narrow" && access.port == 22)
    }

    @Test("groups that become clusters: the hosts of none are the control cluster")
    func clusters() throws {
        let text = "[c]\nc[1:3] ansible_host=10.0.0.1\n[shop]\ns[1:4]\n[trial]\nt1\n".replacing(
            " ansible_host=10.0.0.1", with: "")
        let made = try Drafts.policy(.ansible(path: "i", patterns: []), files: ["i": text]) {
            $0.clusters = ["shop", "trial"]
        }
        #expect(made.policy.clusters.map(\.name) == ["control", "shop", "trial"])
        #expect(
            made.policy.clusters.map(\.managers) == [3, 3, 1]
                && made.policy.clusters.map(\.isControl) == [true, false, false])
        #expect(made.policy.hosts(of: "shop").map(\.name) == ["s1", "s2", "s3", "s4"])
    }

    @Test("an ssh configuration: the first value holds, patterns, includes, a jump host")
    func sshConfig() throws {
        let files = [
            "/home/ops/.ssh/config": """
            Include conf.d/*.conf
            Host eu1-* !eu1-9
                User = ops
                ProxyJump jump
                IdentityFile "~/.ssh/id eu1"
            Host eu1-02
                HostName 10.0.0.2
            Host *
                User nobody
                Port 22
            Host jump
                HostName 192.0.2.1
                Port 2200
            Match exec "true"
                User wrong
            """, "/home/ops/.ssh/conf.d/one.conf": "Host eu1-01\n  HostName %h.example.org\n",
        ]
        let made = try Drafts.policy(.sshConfig(path: "/home/ops/.ssh/config", patterns: ["eu1-*"]), files: files)
        #expect(made.policy.hosts.map(\.address) == ["eu1-01.example.org", "10.0.0.2"])
        #expect(made.policy.access.user == "ops" && made.policy.access.keyFile == "/home/ops/.ssh/id eu1")
        #expect(made.policy.access.bastion == BastionPolicy(address: "192.0.2.1", port: 22, user: "nobody"))
        #expect(made.notes.first == "/home/ops/.ssh/config:14: a `Match` block is not looked at")
    }

    @Test("an inventory of 10,000 hosts becomes a manifest")
    func large() throws {
        let text = "[web]\nweb[00001:10000].example.org\n[web:vars]\nansible_user=deploy\n"
        let clock = ContinuousClock()
        var policy: FleetPolicy?
        let duration = try clock.measure {
            policy = try Drafts.policy(.ansible(path: "i", patterns: []), files: ["i": text]).policy
        }
        print("inventory of 10,000 hosts: a manifest, written and read back, in \(duration)")
        #expect(policy?.hosts.count == 10_000 && policy?.hosts.last?.name == "web10000")
    }
}
