// A program or library as an image carries it: only the bytes that the loader maps. Symbols, debug information and
// Swift's module descriptions lie behind them and are left off: 44 MB remain where `strip` leaves 79, there is no need
// of binutils, and the bytes are the same on every machine.
import FleetModel

/// An executable file in the ELF format, 64 bits, little endian (System V ABI, chapters 4 and 5).
struct ELFFile: Hashable, Sendable {
    let path: String
    /// As image configurations name it: `amd64` or `arm64`.
    let architecture: String
    /// The dynamic loader that it asks for; nil when it is statically linked.
    let interpreter: String?
    /// Every byte behind this one is of no use to a running program.
    let loadedBytes: Int
    let fileBytes: Int

    init(_ path: String) throws(FleetProblem) {
        let file = try ReadableFile(path)
        let header = ELFHeader(try file.bytes(at: 0, count: ELFHeader.byteCount))
        guard let header, let architecture = header.architecture else { throw Self.foreign(path) }
        let table = try file.bytes(at: header.tableOffset, count: header.tableCount * ELFSegment.byteCount)
        guard table.count == header.tableCount * ELFSegment.byteCount else { throw Self.foreign(path) }
        let segments = (0..<header.tableCount).map { ELFSegment(table, at: $0 * ELFSegment.byteCount) }
        let end = segments.map(\.end).max() ?? 0
        guard end >= ELFHeader.byteCount, end <= file.size else { throw Self.foreign(path) }
        self.path = path
        self.architecture = architecture
        loadedBytes = max(end, header.tableOffset + table.count)
        fileBytes = file.size
        interpreter = try segments.first { $0.isInterpreter }.map { (segment) throws(FleetProblem) in
            let name = try file.bytes(at: segment.offset, count: min(segment.byteCount, 4096))
            return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// Sends the loaded bytes, in chunks.
    func stream(to sink: ByteSink) throws(FleetProblem) {
        let file = try ReadableFile(path)
        let header = ELFHeader.withoutSections(try file.bytes(at: 0, count: ELFHeader.byteCount))
        try send(header, to: sink)
        try file.stream(from: header.count, to: loadedBytes, sink)
    }

    private static func foreign(_ path: String) -> FleetProblem {
        FleetProblem(
            .rejected, "executable-foreign", subject: "image",
            "`\(path)` is not a whole 64-bit Linux program for x86-64 or ARM64",
            hint: "build Muster on the architecture of the hosts, and name that executable")
    }
}

/// The first 64 bytes.
private struct ELFHeader {
    static let byteCount = 64

    let machine: Int
    let tableOffset: Int
    let tableCount: Int

    /// Nil if these are not the bytes of a 64-bit, little endian ELF file with a table of segments.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.byteCount, bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1]) else { return nil }
        machine = bytes.integer(at: 18, size: 2)
        tableOffset = bytes.integer(at: 32, size: 8)
        tableCount = bytes.integer(at: 56, size: 2)
        guard bytes.integer(at: 54, size: 2) == ELFSegment.byteCount, tableCount > 0 else { return nil }
    }

    var architecture: String? {
        switch machine {
        case 62: "amd64"
        case 183: "arm64"
        case _: nil
        }
    }

    /// The same header for a file whose table of sections is gone: offset, count and names index are 0.
    static func withoutSections(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for index in Array(40..<48) + Array(60..<64) { bytes[index] = 0 }
        return bytes
    }
}

/// One line of the table of segments.
private struct ELFSegment {
    static let byteCount = 56

    let isInterpreter: Bool
    let offset: Int
    let byteCount: Int

    init(_ table: [UInt8], at start: Int) {
        isInterpreter = table.integer(at: start, size: 4) == 3
        offset = table.integer(at: start + 8, size: 8)
        byteCount = table.integer(at: start + 32, size: 8)
    }

    /// Where it ends in the file; a nonsense value is beyond every file's end.
    var end: Int {
        let (sum, overflow) = offset.addingReportingOverflow(byteCount)
        return overflow || offset < 0 || byteCount < 0 ? Int.max : sum
    }
}

extension [UInt8] {
    /// A little endian number of up to eight bytes; its sign is lost only where a file lies.
    fileprivate func integer(at start: Int, size: Int) -> Int {
        Int(truncatingIfNeeded: (0..<size).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64(self[start + $1]) })
    }
}
