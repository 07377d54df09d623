// Free-form JSON: equal values give equal bytes, and every reader reads back what was written.
import FleetModel
import FoundationEssentials
import Testing

@Suite("JSONValue") struct JSONValueTests {
    private let odd: JSONValue = .object([
        "b": .array([.null, .bool(true), .bool(false), .integer(-7), .double(0.5)]),
        "a": .string("quote \" backslash \\ line\nbreak\ttab\rreturn \u{1}bell \u{7f} ü 👩🏽‍🔬 $(rm) `id`"),
        "": .object([:]), "z": .array([]),
    ])

    @Test("canonical text has sorted keys, one line, no blanks")
    func canonical() {
        let value: JSONValue = .object(["b": .integer(2), "a": .array([.integer(1), .null])])
        #expect(value.canonicalText == #"{"a":[1,null],"b":2}"#)
        #expect(!odd.canonicalText.contains("\n"))
    }

    @Test("canonical text reads back as the same value, hostile strings included")
    func roundTrip() throws {
        let data = Data(odd.canonicalText.utf8)
        #expect(try JSONDecoder().decode(JSONValue.self, from: data) == odd)
    }

    @Test("encoding and decoding keep whole numbers whole and booleans booleans")
    func codable() throws {
        let data = try JSONEncoder().encode(odd)
        #expect(try JSONDecoder().decode(JSONValue.self, from: data) == odd)
        #expect(
            try JSONDecoder().decode(JSONValue.self, from: Data("[1, 1.5, true]".utf8))
                == .array([.integer(1), .double(1.5), .bool(true)]))
    }
}
