// The part of JSON Schema that the manifest's schema uses, and YAML as a JSON reader sees it; a keyword that is not
// known here fails the test, so that nothing in the schema goes unchecked.
import FleetModel
import Foundation

@testable import RegionManifest

struct SchemaCheck {
    /// Keywords that only people read.
    private static let silent: Set = ["$schema", "title", "description"]

    /// Where `value` is not what `schema` says; empty when it is.
    static func faults(_ value: JSONValue, _ schema: JSONValue, at path: String = "$") -> [String] {
        switch schema {
        case .bool(let isAllowed): return isAllowed ? [] : ["\(path) is refused"]
        case .object(let keywords):
            return keywords.sorted { $0.key < $1.key }.flatMap { keyword, rule in
                silent.contains(keyword) ? [] : faults(value, keyword, rule, keywords, path)
            }
        case .null, .integer, .double, .string, .array: return ["\(path): the schema is no schema"]
        }
    }

    private static func faults(
        _ value: JSONValue, _ keyword: String, _ rule: JSONValue, _ schema: [String: JSONValue], _ path: String
    ) -> [String] {
        let isRight: Bool
        switch (keyword, rule, value) {
        case ("type", .string(let type), _): isRight = isOf(value, type)
        case ("type", .array(let types), _): isRight = types.contains { isOf(value, name($0)) }
        case ("enum", .array(let values), _): isRight = values.contains(value)
        case ("anyOf", .array(let schemas), _): isRight = schemas.contains { faults(value, $0, at: path).isEmpty }
        case ("pattern", .string(let pattern), .string(let text)): isRight = matches(text, pattern)
        case ("minimum", .integer(let least), .integer(let number)): isRight = number >= least
        case ("maximum", .integer(let most), .integer(let number)): isRight = number <= most
        case ("minItems", .integer(let least), .array(let items)): isRight = items.count >= least
        case ("maxItems", .integer(let most), .array(let items)): isRight = items.count <= most
        case ("required", .array(let names), .object(let members)):
            isRight = names.allSatisfy { members[name($0)] != nil }
        case ("items", _, .array(let items)):
            return items.enumerated().flatMap { faults($1, rule, at: "\(path)[\($0)]") }
        case ("properties", .object(let shapes), .object(let members)):
            return members.flatMap { key, item in shapes[key].map { faults(item, $0, at: "\(path).\(key)") } ?? [] }
        case ("additionalProperties", _, .object(let members)):
            guard case .object(let known) = schema["properties"] ?? .object([:]) else { return ["\(path): no schema"] }
            return members.filter { known[$0.key] == nil }.flatMap { faults($1, rule, at: "\(path).\($0)") }
        case ("propertyNames", _, .object(let members)):
            return members.keys.flatMap { faults(.string($0), rule, at: "\(path).\($0)") }
        case ("pattern", _, _), ("minimum", _, _), ("maximum", _, _), ("minItems", _, _), ("maxItems", _, _),
            ("required", _, _), ("items", _, _), ("properties", _, _), ("additionalProperties", _, _),
            ("propertyNames", _, _):
            return []
        case _: return ["\(path): the keyword `\(keyword)` is not known to this test"]
        }
        return isRight ? [] : ["\(path): \(keyword)"]
    }

    private static func isOf(_ value: JSONValue, _ type: String) -> Bool {
        switch value {
        case .null: type == "null"
        case .bool: type == "boolean"
        case .integer: type == "integer" || type == "number"
        case .double: type == "number"
        case .string: type == "string"
        case .array: type == "array"
        case .object: type == "object"
        }
    }

    private static func name(_ value: JSONValue) -> String {
        if case .string(let text) = value { text } else { "" }
    }

    static func matches(_ text: String, _ pattern: String) -> Bool {
        guard let expression = try? NSRegularExpression(pattern: pattern) else { return false }
        return expression.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
    }

    /// A manifest as JSON with the types of YAML 1.2's core; nil when it is not YAML.
    static func json(yaml: String) -> JSONValue? {
        let context = Context(file: "x", environment: [:])
        let tree = YAMLReader(context: context).tree(yaml)
        return context.hasProblems ? nil : tree.map(json)
    }

    private static func json(_ value: YAMLValue) -> JSONValue {
        switch value.content {
        case .list(let items): return .array(items.map(json))
        case .mapping(let members):
            return .object(Dictionary(members.map { ($0.key, json($0.value)) }) { first, _ in first })
        case .text(let text):
            if value.isNull { return .null }
            guard text.isPlain else { return .string(text.raw) }
            if let flag = ["true": true, "false": false][text.raw.lowercased()] { return .bool(flag) }
            if let number = Int(text.raw) { return .integer(number) }
            return Double(text.raw).map { .double($0) } ?? .string(text.raw)
        }
    }
}
