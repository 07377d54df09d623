// As much of JSON Schema as the OpenAPI document uses: enough to hold its examples and the real answers against it.

import FleetModel
import Foundation

struct JSONSchema {
    /// `components.schemas` of the document.
    let definitions: [String: JSONValue]

    /// What does not fit, each with its place; empty when all does.
    func findings(_ value: JSONValue, _ schema: JSONValue, at place: String = "$") -> [String] {
        guard case .object(let rules) = schema else { return ["\(place): the schema is no object"] }
        if case .string(let reference)? = rules["$ref"] {
            guard let name = reference.split(separator: "/").last, let target = definitions[String(name)] else {
                return ["\(place): `\(reference)` is nowhere"]
            }
            return findings(value, target, at: place)
        }
        return typeFindings(value, rules, place) + wordFindings(value, rules, place)
            + memberFindings(value, rules, place) + itemFindings(value, rules, place)
    }

    private func typeFindings(_ value: JSONValue, _ rules: [String: JSONValue], _ place: String) -> [String] {
        guard case .string(let type)? = rules["type"] else { return [] }
        let fits =
            switch (type, value) {
            case ("object", .object), ("array", .array), ("string", .string), ("integer", .integer), ("boolean", .bool):
                true
            case ("number", .integer), ("number", .double): true
            case _: false
            }
        return fits ? [] : ["\(place): is no \(type)"]
    }

    private func wordFindings(_ value: JSONValue, _ rules: [String: JSONValue], _ place: String) -> [String] {
        var found: [String] = []
        if case .array(let words)? = rules["enum"], !words.contains(value) { found.append("\(place): not in the enum") }
        if case .string(let pattern)? = rules["pattern"], case .string(let text) = value,
            text.range(of: pattern, options: .regularExpression) == nil
        {
            found.append("\(place): does not match `\(pattern)`")
        }
        return found
    }

    private func memberFindings(_ value: JSONValue, _ rules: [String: JSONValue], _ place: String) -> [String] {
        guard case .object(let members) = value else { return [] }
        var found: [String] = []
        var properties: [String: JSONValue] = [:]
        if case .object(let known)? = rules["properties"] { properties = known }
        if case .array(let required)? = rules["required"] {
            for case .string(let name) in required where members[name] == nil {
                found.append("\(place).\(name): missing")
            }
        }
        for (name, member) in members.sorted(by: { $0.key < $1.key }) {
            if let schema = properties[name] ?? additional(rules) {
                found += findings(member, schema, at: "\(place).\(name)")
            } else if rules["additionalProperties"] == .bool(false) {
                found.append("\(place).\(name): is not described")
            }
        }
        return found
    }

    private func additional(_ rules: [String: JSONValue]) -> JSONValue? {
        guard let schema = rules["additionalProperties"], case .object = schema else { return nil }
        return schema
    }

    private func itemFindings(_ value: JSONValue, _ rules: [String: JSONValue], _ place: String) -> [String] {
        guard case .array(let items) = value, let schema = rules["items"] else { return [] }
        return items.enumerated().flatMap { findings($0.element, schema, at: "\(place)[\($0.offset)]") }
    }
}

extension JSONValue {
    subscript(_ name: String) -> JSONValue? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    var members: [String: JSONValue] {
        if case .object(let members) = self { members } else { [:] }
    }
}
