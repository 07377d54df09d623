// Policies, blueprints and plans: large values that one request reads a dozen times, and that seldom change. What the
// text in the file was decoded to last is kept, for taking JSON apart is most of what such a read costs.

import FoundationEssentials
import Synchronization

enum StoredDocument {
    private struct Known<Value: Sendable>: Sendable {
        let text: String
        let value: Value
    }

    /// By type, one each, for all files of this process: the same text is the same value, whichever file it is in.
    private static let known = Mutex<[ObjectIdentifier: any Sendable]>([:])

    /// The value of canonical JSON; nil stays nil.
    static func value<Value: Decodable & Sendable>(_ type: Value.Type, _ text: String?) throws -> Value? {
        guard let text else { return nil }
        let last = known.withLock { $0[ObjectIdentifier(type)] } as? Known<Value>
        if let last, last.text == text { return last.value }
        let value = try JSONDecoder().decode(type, from: Data(text.utf8))
        known.withLock { $0[ObjectIdentifier(type)] = Known(text: text, value: value) }
        return value
    }
}
