// Holds key material so that it cannot be printed by accident and does not stay in memory after use.
import CLibSSH2

/// Bytes that never show themselves: every description is `•••`, and the memory is wiped when the last copy goes.
package final class SecretBytes: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    // Written once in `init`, before anyone else can see it; only read afterwards.
    private nonisolated(unsafe) let storage: UnsafeMutableRawBufferPointer

    package init(_ bytes: some Collection<UInt8>) {
        storage = .allocate(byteCount: bytes.count, alignment: 1)
        storage.copyBytes(from: bytes)
    }

    deinit {
        muster_wipe(storage.baseAddress, storage.count)
        storage.deallocate()
    }

    package var count: Int { storage.count }
    package var description: String { "•••" }
    package var debugDescription: String { "•••" }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// Lends the bytes for the time of the call; the caller makes no lasting copy.
    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(storage))
    }
}
