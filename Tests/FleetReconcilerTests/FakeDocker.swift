// A `docker` of a few lines of shell, with its state in a folder: the host scripts run for real against it, by real
// shells, where /etc/muster and the home folder are the test's own.
import FleetReconciler
import Foundation
import HostScripts
import Testing

/// One host's surroundings in a folder that is gone after the test.
struct FakeDocker {
    let scratch: Scratch

    /// Logs every argument list, so that tests can see what a process list would show.
    private static let program = """
        #!/bin/sh
        cd "$(dirname "$0")/../state" || exit 9
        printf '%s\\n' "$*" >>arguments
        case "$1 $2" in
        'info ') ;;
        'info --format')
          case $3 in
          *Driver*) cat driver ;;
          *NodeID*Cluster*) echo their-node their-swarm ;;
          *Cluster.ID*) echo their-swarm ;; *NodeID*) echo their-node ;; *Error*) cat error 2>/dev/null ;;
          *ControlAvailable*) cat control ;;
          *)
            if [ -e later ]; then
              read -r n next <later
              if [ "$n" -gt 0 ]; then echo "$((n - 1)) $next" >later; else echo "$next" >swarm; rm later; fi
            fi
            cat swarm ;;
          esac ;;
        'swarm init') echo active >swarm ;;
        'swarm leave') echo inactive >swarm ;;
        'swarm join-token') echo "TOKEN-$4" ;;
        'system dial-stdio')
          cat >request
          if [ -e join ]; then cat join >swarm; cat answer; exit 0; fi
          echo active >swarm; printf 'HTTP/1.1 200 OK\\r\\n\\r\\n' ;;
        'config inspect') [ -e "config-$3" ] ;;
        'config create') cat >"config-$5" ;;
        'secret ls') for one in secret-*; do [ ! -e "$one" ] || echo "${one#secret-}"; done ;;
        'secret inspect') cat "key-$3" 2>/dev/null ;;
        'secret create') cat >"secret-$7"; echo "${6#*=}" >"key-$7" ;;
        'secret rm') rm "secret-$3" "key-$3" ;;
        'config ls') ls | sed -n 's/^config-//p' ;;
        'config rm') rm "config-$3" ;;
        'service inspect') [ -e service ] && sed -n 's/^io.muster.region-key=//p' service ;;
        'service rm') rm service ;;
        'ps -aq') ;;
        'volume inspect') [ -e volume ] ;;
        'volume rm') rm volume ;;
        'service create') shift 2; printf '%s\\n' "$@" >service ;;
        'service ps') cat task 2>/dev/null || echo 'Running 3 seconds ago' ;;
        'ps --quiet') cat container 2>/dev/null ;;
        'exec c1') ;;
        'image inspect') [ -e image ] ;;
        'network inspect') echo '172.17.0.0/16 '; exit 1 ;;
        'node inspect')
          [ "$5" != gone ] || { echo 'Error: No such node: gone'; exit 1; }
          case $4 in *Availability*) cat availability ;; *State*) cat state ;; *Reachability*) cat raft ;; esac ;;
        'node ls') case $3 in -q) echo n1 ; echo n2 ;; *) cat managers ;; esac ;;
        'node ps') cat tasks ;;
        'node demote') echo none >raft ;;
        'node rm') : >removed ;;
        'node update')
          if [ -s written ]; then
            sed -i 1d written
            echo 'Error response from daemon: rpc error: code = Unknown desc = update out of sequence'
            exit 1
          fi
          [ "$3" != --availability ] || echo "$4" >availability ;;
        'node promote') ;;
        *) case $1 in load) cat >image ;; *) exit 8 ;; esac ;;
        esac
        """

    init(swarm: String = "inactive") throws {
        scratch = try Scratch()
        for folder in ["bin", "state", "home"] {
            try FileManager.default.createDirectory(at: scratch.url(folder), withIntermediateDirectories: true)
        }
        try Data(Self.program.utf8).write(to: scratch.url("bin/docker"))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: scratch.url("bin/docker").path)
        set("swarm", swarm)
        set("driver", "overlay2")
        for (name, text) in ["control": "false", "availability": "active", "state": "down", "raft": "reachable"] {
            set(name, text)
        }
        set("managers", "n1 Leader\nn2 Reachable\nn3 Reachable")
        set("tasks", "web.1 Shutdown 2 seconds ago")
        boot("boot-1", uptime: 100)
    }

    /// The host's boot id and clocks, as the scripts read them.
    func boot(_ id: String, uptime seconds: Int) { set("boot_id", id); uptime(seconds) }
    func uptime(_ seconds: Int) { set("uptime", "\(seconds).25 7.00") }
    func wallClock(_ seconds: Int) {
        let program = "#!/bin/sh\necho \(seconds)\n"
        try? Data(program.utf8).write(to: scratch.url("bin/date"))
        try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: scratch.url("bin/date").path)
    }

    /// Another program of the host.
    func program(_ name: String, _ body: String) throws {
        try Data("#!/bin/sh\n\(body)\n".utf8).write(to: scratch.url("bin/\(name)"))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: scratch.url("bin/\(name)").path)
    }

    func remove() { scratch.remove() }
    func set(_ name: String, _ text: String) { try? Data((text + "\n").utf8).write(to: scratch.url("state/\(name)")) }
    func read(_ path: String) -> String? {
        (try? Data(contentsOf: scratch.url(path))).map { String(decoding: $0, as: UTF8.self) }
    }
    func state(_ name: String) -> String? { read("state/\(name)") }
    var home: String { scratch.url("home").path }

    /// Runs the script of `act` as it is sent, here.
    /// - Parameters:
    ///   - patience: seconds that stand in place of the 60 which scripts wait for an engine.
    ///   - texts: others that stand in place of the script's own.
    func run(
        _ act: RemoteAct, shell: String = "/bin/sh", isQuiet: Bool = true, patience: Int = 60,
        replacing texts: [String: String] = [:]
    ) throws -> FramedOutput {
        let script = texts.reduce(try #require(HostScript.named(act.word))) { $0.replacing($1.key, with: $1.value) }
        let text = act.standardInput(nonce: "N1", prelude: HostScript.prelude, script: script)
            .replacing("/etc/muster", with: scratch.url("etc").path)
            .replacing("until_true 60", with: "until_true \(patience)")
            .replacing("/proc/uptime", with: scratch.url("state/uptime").path)
            .replacing("/proc/sys/kernel/random/boot_id", with: scratch.url("state/boot_id").path)
            .replacing("PATH=/usr/local/sbin", with: "PATH=\(scratch.url("bin").path):/usr/local/sbin")
        let run = try LocalRun(shell, ["-s", "--"] + act.words, input: Data(text.utf8))
        if isQuiet { #expect(run.errors == "", "\(act.word) on stderr") }
        return FramedOutput(run.output, nonce: "N1")
    }
}
