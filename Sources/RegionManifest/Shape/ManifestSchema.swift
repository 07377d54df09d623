// The JSON Schema of a manifest, made from the reader's own table: editors complete keys and mark mistakes with it. It
// refuses nothing that the reader takes; what only shows between parts (duplicates, references) is the reader's alone.

import FleetModel
import FoundationEssentials

extension Manifest {
    /// The schema as JSON text (draft 2020-12), the same bytes at every call.
    package static func schema() -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        // Values of this type can always be encoded.
        return ((try? encoder.encode(schemaValue)).map { String(decoding: $0, as: UTF8.self) } ?? "") + "\n"
    }

    static var schemaValue: JSONValue {
        guard case .object(var members) = SchemaWriter.section(ManifestShape.manifest) else { return .null }
        members["$schema"] = .string("https://json-schema.org/draft/2020-12/schema")
        members["title"] = .string("Region manifest of Muster")
        members["description"] = .string(
            "One file describes one region. Every text may hold variables of the environment as `${NAME}`.")
        return .object(members)
    }
}

private enum SchemaWriter {
    static func section(_ shape: SectionShape) -> JSONValue {
        var properties: [String: JSONValue] = [:]
        for key in shape.keys { properties[key.name] = property(key) }
        var members: [String: JSONValue] = [
            "type": .string("object"), "properties": .object(properties), "additionalProperties": .bool(false),
        ]
        let required = shape.keys.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { members["required"] = .array(required) }
        return .object(members)
    }

    /// Nothing written is the same as a key that is absent, where it may be.
    private static func property(_ key: KeyShape) -> JSONValue {
        let value = value(key.value)
        let description = JSONValue.string(key.summary + ".")
        if key.isRequired, case .object(var members) = value {
            members["description"] = description
            return .object(members)
        }
        return .object(["anyOf": .array([value, type("null")]), "description": description])
    }

    private static func value(_ shape: ValueShape) -> JSONValue {
        switch shape {
        case .text(let form): text(form.pattern)
        case .number(let range): number(range)
        case .numbers(let numbers): .object(["enum": .array(numbers.map(JSONValue.integer))])
        case .word(let words): anyOf([.object(["enum": .array(words.map(JSONValue.string))]), variable])
        case .flag: type("boolean")
        case .hostsOrShare(let range): anyOf([number(range), text("0*(100|[0-9]{1,2})%|[0-9]+")])
        case .section(let shape): section(shape)
        case .list(let item, let count): list(value(item), count)
        case .labels: labels
        case .daemon: .object(["type": .string("object"), "properties": .object(["live-restore": .bool(false)])])
        }
    }

    private static func type(_ name: String) -> JSONValue { .object(["type": .string(name)]) }
    private static func anyOf(_ values: [JSONValue]) -> JSONValue { .object(["anyOf": .array(values)]) }

    /// A text with a variable in it can be anything.
    private static let variable = JSONValue.object(["type": .string("string"), "pattern": .string("\\$")])

    /// Where a text is wanted, `1.20` and `true` without quotes are texts too.
    private static func text(_ pattern: String) -> JSONValue {
        .object([
            "type": .array(["string", "number", "boolean"].map(JSONValue.string)),
            "pattern": .string("^(\(pattern))$|\\$"),
        ])
    }

    private static func number(_ range: ClosedRange<Int>) -> JSONValue {
        .object([
            "type": .string("integer"), "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound),
        ])
    }

    private static func list(_ items: JSONValue, _ count: ClosedRange<Int>) -> JSONValue {
        .object([
            "type": .string("array"), "items": items, "minItems": .integer(count.lowerBound),
            "maxItems": .integer(count.upperBound),
        ])
    }

    private static var labels: JSONValue {
        .object([
            "type": .string("object"), "additionalProperties": text(TextForm.labelValue.pattern),
            "propertyNames": .object(["pattern": .string("^[A-Za-z0-9]([A-Za-z0-9._/-]{0,126}[A-Za-z0-9])?$")]),
        ])
    }
}
