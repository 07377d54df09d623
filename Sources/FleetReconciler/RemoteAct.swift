// One remote act: one exec of `exec /bin/sh -s -- <step> <schema> args…` with the script on stdin (decision 3). What
// `plan` shows is this value; who sends it quotes the words.
package import FleetModel

/// A command for a host, as a value.
package struct RemoteAct: Hashable, Sendable {
    /// The step's word, which is also its script's name.
    package var word: String
    /// Version of the script's arguments and output.
    package var schema: Int
    package var arguments: [String]
    /// Follows the script on stdin, never in the arguments.
    package var secret: Secret?
    /// Path of a file that is streamed on stdin once the script asks for it.
    package var upload: String?
    /// How long the far end may take.
    package var deadline: Duration
    /// Under which lease it runs; nil for acts that change nothing.
    package var lease: LeaseTerms?

    package init(
        _ word: String, schema: Int = 1, _ arguments: [String] = [], secret: Secret? = nil, upload: String? = nil,
        deadline: Duration = .seconds(120)
    ) {
        (self.word, self.schema, self.arguments) = (word, schema, arguments)
        (self.secret, self.upload, self.deadline) = (secret, upload, deadline)
    }

    /// The words after `/bin/sh -s --`.
    package var words: [String] { [word, String(schema)] + arguments }

    /// The words as people read them. An empty one is there, too.
    var shown: String { words.map { $0.isEmpty ? "''" : $0 }.joined(separator: " ") }
}

extension RemoteAct {
    /// What goes to the shell's stdin: nonce, lease, the shared functions, and the script as one function, so that the
    /// shell has read all of it before it runs any of it; then the secret as a here-document, or nothing.
    ///
    /// With an upload, `main` keeps the real stdin and the file follows after the script has said `ready`: a shell
    /// reads its script in blocks and would swallow bytes that came earlier.
    package func standardInput(nonce: String, prelude: String, script: String) -> String {
        // A login shell may have printed half a line: the first frame begins a new one (F10).
        let epoch = lease.map { String($0.epoch) } ?? ""
        let terms = lease?.words.joined(separator: " ") ?? ""
        let head = "N='\(nonce)'\nE='\(epoch)'\nL='\(terms)'\nprintf '\\n'\n\(prelude)\nmain() {\n\(script)\n}\n"
        if upload != nil { return head + "main \"$@\"; exit\n" }
        guard let secret else { return head + "main \"$@\" </dev/null; exit\n" }
        return head + "main \"$@\" <<'\(nonce)'\n\(secret.exposed)\n\(nonce)\nexit\n"
    }

    /// The bytes on stdout after which the upload is sent.
    package static func readyMarker(nonce: String) -> String { "\(nonce) ready\n" }
}

/// The lines of an output that are Muster's own.
package struct FramedOutput: Hashable, Sendable {
    /// Keyword and rest of each line, in order.
    package let lines: [(word: String, rest: String)]

    package init(_ text: String, nonce: String) {
        // By bytes: a terminal's line end is one character to Swift, and so is a blank with an accent after it.
        let prefix = Array((nonce + " ").utf8)
        lines = text.utf8.split(separator: UInt8(ascii: "\n")).compactMap { line in
            guard line.starts(with: prefix) else { return nil }
            let rest = line.dropFirst(prefix.count)
            let word = rest.prefix { $0 != UInt8(ascii: " ") }
            let text = rest.dropFirst(word.count + 1)
            return (String(decoding: word, as: UTF8.self), String(decoding: text, as: UTF8.self))
        }
    }

    package func first(_ word: String) -> String? { lines.first { $0.word == word }?.rest }
    package func all(_ word: String) -> [String] { lines.filter { $0.word == word }.map(\.rest) }

    package static func == (left: Self, right: Self) -> Bool {
        left.lines.elementsEqual(right.lines) { $0 == $1 }
    }

    package func hash(into hasher: inout Hasher) {
        for line in lines { hasher.combine(line.word); hasher.combine(line.rest) }
    }
}
