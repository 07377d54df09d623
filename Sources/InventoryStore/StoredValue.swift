// How nested values lie in the file: JSON with sorted keys, so that equal values are equal bytes, and typed names and
// times read from columns without ceremony at each place.

import FleetModel
import FoundationEssentials
import GRDB

enum StoredValue {
    /// Canonical JSON of a value.
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// The value of canonical JSON; nil stays nil.
    static func value<Value: Decodable>(_ type: Value.Type, _ text: String?) throws -> Value? {
        try text.map { try JSONDecoder().decode(type, from: Data($0.utf8)) }
    }
}

extension Row {
    func json<Value: Decodable>(_ column: String, as type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data((self[column] as String).utf8))
    }

    func name<Of>(_ column: String) -> Identifier<Of> { Identifier(self[column] as String) }

    func time(_ column: String) -> Timestamp { Timestamp(secondsSinceEpoch: self[column]) }

    func optionalTime(_ column: String) -> Timestamp? {
        (self[column] as Int?).map(Timestamp.init(secondsSinceEpoch:))
    }

    /// A value of a closed set; the schema's CHECK holds the same set, so anything else is damage.
    func word<Word: RawRepresentable>(_ column: String, as type: Word.Type) throws -> Word
    where Word.RawValue == String {
        let text: String = self[column]
        guard let word = Word(rawValue: text) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "unknown word `\(text)` in column `\(column)`")
        }
        return word
    }
}
