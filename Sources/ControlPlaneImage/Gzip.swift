// gzip by zlib, as a stream of bounded memory. zlib writes no time into the header, so equal input gives equal output.
import CZlib
import FleetModel

/// Compresses what it is given and passes it on.
final class GzipWriter {
    /// The fastest. For the control plane's 116 MB level 6 takes two and a half times as long (4 s more) to save a
    /// tenth of the bytes, 4 MB, which 100 Mbit/s carry in 0.4 s a manager; docs/adr/0007 has the figures.
    static let level: Int32 = 1
    /// 15 bits of window, and 16 to ask for the gzip format (zlib.h, deflateInit2).
    static let format: Int32 = 15 + 16

    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkBytes, alignment: 64)
    private let sink: ByteSink

    init(level: Int32 = GzipWriter.level, to sink: @escaping ByteSink) {
        self.sink = sink
        stream.initialize(to: z_stream())
        let code = deflateInit2_(
            stream, level, Z_DEFLATED, Self.format, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        precondition(code == Z_OK, "zlib refuses to start: \(code)")
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
        buffer.deallocate()
    }

    func add(_ bytes: UnsafeRawBufferPointer) throws(FleetProblem) { try run(bytes, Z_NO_FLUSH) }

    func finish() throws(FleetProblem) { try run(UnsafeRawBufferPointer(start: nil, count: 0), Z_FINISH) }

    private func run(_ bytes: UnsafeRawBufferPointer, _ flush: Int32) throws(FleetProblem) {
        stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.assumingMemoryBound(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = UInt32(bytes.count)
        repeat {
            stream.pointee.next_out = buffer.assumingMemoryBound(to: UInt8.self).baseAddress
            stream.pointee.avail_out = UInt32(buffer.count)
            deflate(stream, flush)
            let count = buffer.count - Int(stream.pointee.avail_out)
            if count > 0 { try sink(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
        } while stream.pointee.avail_out == 0
    }
}

/// Unpacks what it is given and passes it on.
final class GzipReader {
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkBytes, alignment: 64)
    private let sink: ByteSink
    /// False from the first byte that is not gzip.
    private(set) var isIntact = true
    /// True once the end of the compressed data was seen and its checksum held.
    private(set) var isEnded = false

    init(to sink: @escaping ByteSink) {
        self.sink = sink
        stream.initialize(to: z_stream())
        let code = inflateInit2_(stream, GzipWriter.format, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(code == Z_OK, "zlib refuses to start: \(code)")
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        buffer.deallocate()
    }

    func add(_ bytes: UnsafeRawBufferPointer) throws(FleetProblem) {
        stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.assumingMemoryBound(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = UInt32(bytes.count)
        if isEnded && !bytes.isEmpty { isIntact = false }
        while isIntact && !isEnded {
            stream.pointee.next_out = buffer.assumingMemoryBound(to: UInt8.self).baseAddress
            stream.pointee.avail_out = UInt32(buffer.count)
            let code = inflate(stream, Z_NO_FLUSH)
            let count = buffer.count - Int(stream.pointee.avail_out)
            if count > 0 { try sink(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
            isEnded = code == Z_STREAM_END
            isIntact = code == Z_OK || code == Z_BUF_ERROR || (isEnded && stream.pointee.avail_in == 0)
            if stream.pointee.avail_out > 0 { return }
        }
    }
}
