// What a caller holds of a forwarded port.

/// Open until `close()`, or until the client is shut down.
package struct SSHForward: Sendable {
    /// On 127.0.0.1.
    package let port: UInt16
    private let end: @Sendable () -> Void

    init(port: UInt16, end: @escaping @Sendable () -> Void) {
        self.port = port
        self.end = end
    }

    /// Takes no more connections and ends those that are open. Safe to repeat.
    package func close() { end() }
}
