// The problems that the sources write out where they happen, read from the text of their calls: what has no table of
// its own, as the control plane's and the command line's, is on the page of errors all the same.
import Foundation

/// One `FleetProblem(.kind, "code", subject: …, message, hint: …)`; what is filled in at run time shows as `…`.
struct SourceProblem {
    let target: String
    let kind: String
    let code: String
    let text: String

    static func all(in file: SourceFile) -> [SourceProblem] {
        file.text.ranges(of: "FleetProblem(").compactMap { range in
            SourceProblem(target: file.target, call: file.text[range.upperBound...])
        }
    }

    /// - Parameter call: the text from the call's first argument on.
    private init?(target: String, call: Substring) {
        var arguments = Self.arguments(call)
        guard arguments.count > 2, arguments[0].hasPrefix("."), arguments[1].hasPrefix("\"") else { return nil }
        guard arguments.dropFirst(2).contains(where: { !$0.hasPrefix("subject:") && $0.contains("\"") }) else {
            return nil
        }
        self.target = target
        kind = String(arguments.removeFirst().dropFirst())
        code = Self.template(arguments.removeFirst())
        let labelled = { (label: String) in
            arguments.first { $0.hasPrefix(label) }.map { Self.template(String($0.dropFirst(label.count))) }
        }
        let message = arguments.first { !$0.hasPrefix("subject:") && !$0.hasPrefix("cause:") && !$0.hasPrefix("hint:") }
        let cause = labelled("cause:").map { _ in ": …" } ?? ""
        let hint = labelled("hint:").map { "; \($0)" } ?? ""
        text = "\(labelled("subject:") ?? "…"): \(Self.template(message ?? ""))\(cause)\(hint)"
    }

    /// The arguments of a call, split at the commas that are in no string and no bracket.
    private static func arguments(_ call: Substring) -> [String] {
        var found = [""]
        var depth = 0
        var rest = call
        while let character = rest.first {
            if character == "\"" {
                let literal = Self.literal(rest)
                found[found.count - 1] += literal
                rest = rest.dropFirst(literal.count)
                continue
            }
            if "([{".contains(character) { depth += 1 }
            if ")]}".contains(character) { depth -= 1 }
            if depth < 0 { break }
            if character == ",", depth == 0 { found.append("") } else { found[found.count - 1].append(character) }
            rest = rest.dropFirst()
        }
        return found.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }.filter { !$0.isEmpty }
    }

    /// The string literal that the text begins with, its quotes and what is filled into it included.
    private static func literal(_ text: Substring) -> Substring {
        var depth = 0
        var isEscaped = false
        var isInner = false
        for index in text.indices.dropFirst() {
            let character = text[index]
            if isEscaped {
                if character == "(" { depth += 1 }
                isEscaped = false
            } else if depth > 0 {
                if character == "\"" { isInner.toggle() }
                if !isInner, character == "(" { depth += 1 }
                if !isInner, character == ")" { depth -= 1 }
            } else if character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                return text[...index]
            }
        }
        return text
    }

    /// What an expression reads as: its literals, with `…` for all that is only known at run time.
    private static func template(_ expression: String) -> String {
        var text = ""
        var rest = expression[...]
        while let character = rest.first {
            if character == "\"" {
                let literal = Self.literal(rest)
                text += filled(literal.dropFirst().dropLast())
                rest = rest.dropFirst(literal.count)
            } else {
                if character.isLetter, !text.hasSuffix("…") { text += "…" }
                if character == ":", !text.isEmpty { text += " / " }  // the two ends of a condition
                rest = rest.dropFirst()
            }
        }
        return text
    }

    private static func filled(_ literal: Substring) -> String {
        var text = ""
        var rest = literal
        while let character = rest.first {
            rest = rest.dropFirst()
            guard character == "\\" else {
                text.append(character)
                continue
            }
            guard rest.first == "(" else {
                text.append(rest.first == "n" ? " " : rest.first ?? " ")
                rest = rest.dropFirst()
                continue
            }
            var depth = 0
            repeat {
                if rest.first == "(" { depth += 1 }
                if rest.first == ")" { depth -= 1 }
                rest = rest.dropFirst()
            } while depth > 0 && !rest.isEmpty
            text += "…"
        }
        return text
    }
}
