// YAML's anchors and aliases are refused before the parser sees them: nine lines of them can stand for 10^9 values
// (F42), and a manifest that says each thing where it is needs none.

enum AliasScan {
    /// The first line with an alias `*name` whose anchor `&name` stands before it. It looks at the bytes only and takes
    /// quoted texts and comments for YAML too: it may refuse what is harmless, and never lets a bomb through.
    static func firstAlias(in text: String) -> (line: Int, name: String)? {
        var anchors: Set<String> = []
        var (line, previous) = (1, UInt8(ascii: "\n"))
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            let isMark = byte == UInt8(ascii: "&") || byte == UInt8(ascii: "*")
            if isMark, !isNameByte(previous) {
                let name = String(decoding: rest.prefix(while: isNameByte), as: UTF8.self)
                if byte == UInt8(ascii: "&") {
                    anchors.insert(name)
                } else if !name.isEmpty, anchors.contains(name) {
                    return (line, name)
                }
            }
            if byte == UInt8(ascii: "\n") { line += 1 }
            previous = byte
        }
        return nil
    }

    /// What libyaml takes for a part of an anchor's name.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        case _: false
        }
    }
}
