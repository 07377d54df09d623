// Reading what `--json` prints as a script would: by key, with nothing known of Muster's own types.
import FleetModel
import Foundation
import Lab
import Testing

extension LabResult {
    /// Standard output as one JSON document.
    func json(location: SourceLocation = #_sourceLocation) throws -> JSONValue {
        let value = try? JSONDecoder().decode(JSONValue.self, from: Data(stdout))
        return try #require(value, "no JSON on stdout: \(output)\(errors)", sourceLocation: location)
    }
}

extension JSONValue {
    /// The member, `null` where there is none.
    subscript(_ key: String) -> JSONValue {
        if case .object(let members) = self { members[key] ?? .null } else { .null }
    }

    var items: [JSONValue] { if case .array(let items) = self { items } else { [] } }
    var members: [String: JSONValue] { if case .object(let members) = self { members } else { [:] } }
    var text: String? { if case .string(let text) = self { text } else { nil } }
    var number: Int? { if case .integer(let number) = self { number } else { nil } }
    var isTrue: Bool { self == .bool(true) }

    /// Entries of a report of this kind.
    func entries(_ kind: String) -> [JSONValue] { items.filter { $0["kind"].text == kind }.map { $0["problem"] } }
}
