// The POSIX ustar format (POSIX.1-2017, pax, "ustar Interchange Format"), which engines of every age read. Time is 0.
import FleetModel

/// The 512 bytes before each member.
struct TarHeader {
    let name: String
    var mode: UInt32 = 0o644
    var owner: UInt32 = 0
    let byteCount: Int
    var isFolder = false

    static let blockBytes = 512
    /// Two empty blocks.
    static let end = [UInt8](repeating: 0, count: 2 * blockBytes)

    static func padding(after count: Int) -> [UInt8] {
        [UInt8](repeating: 0, count: (blockBytes - count % blockBytes) % blockBytes)
    }

    /// How much a member takes, with its header and padding.
    static func memberBytes(_ count: Int) -> Int { blockBytes + count + padding(after: count).count }

    func bytes() throws(FleetProblem) -> [UInt8] {
        // 100 bytes of name and 11 octal digits of size: a longer name than any library has, and 8 GiB.
        guard name.utf8.count <= 100, byteCount < 1 << 33 else {
            throw FleetProblem(
                .rejected, "image-path-too-long", subject: "image",
                "`\(name)` does not fit a tar header: its name is over 100 bytes or its size over 8 GiB",
                hint: "link the program against a library with a shorter path")
        }
        var block = [UInt8](repeating: 0, count: Self.blockBytes)
        func put(_ text: String, at start: Int) {
            for (index, byte) in text.utf8.enumerated() { block[start + index] = byte }
        }
        put(name, at: 0)
        put(Self.octal(Int(mode), digits: 7), at: 100)
        put(Self.octal(Int(owner), digits: 7), at: 108)
        put(Self.octal(Int(owner), digits: 7), at: 116)
        put(Self.octal(byteCount, digits: 11), at: 124)
        put(Self.octal(0, digits: 11), at: 136)
        put("        ", at: 148)
        put(isFolder ? "5" : "0", at: 156)
        put("ustar", at: 257)
        put("00", at: 263)
        put(Self.octal(block.reduce(0) { $0 + Int($1) }, digits: 6) + "\0 ", at: 148)
        return block
    }

    private static func octal(_ number: Int, digits: Int) -> String {
        let text = String(number, radix: 8)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
