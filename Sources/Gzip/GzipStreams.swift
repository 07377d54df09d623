// gzip by zlib, as a stream of bounded memory, for the image's archive and for what goes to hosts packed. zlib writes no
// time into the header, so equal input gives equal output.
import CZlib

/// 15 bits of window, and 16 to ask for the gzip format (zlib.h, deflateInit2).
private let format: Int32 = 15 + 16
/// 256 KiB a write, as files are read: at a quarter of it system calls begin to show, at four times nothing is gained.
private let chunkBytes = 1 << 18

/// How hard zlib tries.
package enum GzipLevel: Int32, Sendable {
    case fastest = 1
    /// zlib's own choice, its level 6.
    case usual = -1
}

/// Compresses what it is given and passes it on; an error of whoever takes it ends the stream.
package final class GzipWriter<Failure: Error> {
    package typealias Sink = (UnsafeRawBufferPointer) throws(Failure) -> Void

    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkBytes, alignment: 64)
    private let sink: Sink

    package init(_ level: GzipLevel, to sink: @escaping Sink) {
        self.sink = sink
        stream.initialize(to: z_stream())
        let code = deflateInit2_(
            stream, level.rawValue, Z_DEFLATED, format, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        precondition(code == Z_OK, "zlib refuses to start: \(code)")
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
        buffer.deallocate()
    }

    package func add(_ bytes: UnsafeRawBufferPointer) throws(Failure) { try run(bytes, Z_NO_FLUSH) }

    package func finish() throws(Failure) { try run(UnsafeRawBufferPointer(start: nil, count: 0), Z_FINISH) }

    private func run(_ bytes: UnsafeRawBufferPointer, _ flush: Int32) throws(Failure) {
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
package final class GzipReader<Failure: Error> {
    package typealias Sink = (UnsafeRawBufferPointer) throws(Failure) -> Void

    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkBytes, alignment: 64)
    private let sink: Sink
    /// False from the first byte that is not gzip.
    package private(set) var isIntact = true
    /// True once the end of the compressed data was seen and its checksum held.
    package private(set) var isEnded = false

    package init(to sink: @escaping Sink) {
        self.sink = sink
        stream.initialize(to: z_stream())
        let code = inflateInit2_(stream, format, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(code == Z_OK, "zlib refuses to start: \(code)")
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        buffer.deallocate()
    }

    package func add(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
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
