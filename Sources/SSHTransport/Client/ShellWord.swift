// The one place where a value becomes a word of a shell command. Everything that reaches a remote shell passes here,
// so that a name like `$(reboot)` stays a name (F43).

/// Quoting for POSIX shells.
package enum ShellWord {
    /// A NUL cannot be part of any argument: the kernel ends the word there.
    package struct ContainsNUL: Error, Equatable, CustomStringConvertible {
        package init() {}
        package var description: String { "shell word: cannot quote a text that contains a NUL byte; remove it" }
    }

    /// `text` as one word for `sh` and everything like it: in single quotes, which leave only `'` itself to be replaced.
    ///
    /// Words of harmless characters stay bare, so that rendered commands read well in a plan.
    package static func quoted(_ text: String) throws(ContainsNUL) -> String {
        let bytes = text.utf8
        if bytes.contains(0) { throw ContainsNUL() }
        if !bytes.isEmpty, bytes.first != UInt8(ascii: "~"), bytes.allSatisfy(isHarmless) { return text }
        var word: [UInt8] = [UInt8(ascii: "'")]
        for byte in bytes {
            if byte == UInt8(ascii: "'") { word += "'\\''".utf8 } else { word.append(byte) }
        }
        word.append(UInt8(ascii: "'"))
        return String(decoding: word, as: UTF8.self)
    }

    /// Several words, each quoted, with blanks between them: an argument vector as a command line.
    package static func line(_ words: [String]) throws(ContainsNUL) -> String {
        var parts: [String] = []
        for word in words { parts.append(try quoted(word)) }
        return parts.joined(separator: " ")
    }

    /// No shell gives these a meaning inside a word. `=` and `~` are left out: at the start they assign and expand.
    private static func isHarmless(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "/._-:,@%+".utf8.contains(byte)
        }
    }
}
