// `${NAME}` in string values: the one thing of the environment that a manifest may use. `$$` is a dollar sign; a `$`
// that stands alone is an error, because it is a variable that was mistyped.

enum Interpolation {
    enum Failure: Error, Equatable {
        case missing(String)
        case badName(String)
        case unclosed
        case alone
    }

    /// The text with its variables replaced, or everything that is wrong with it. What a variable holds is not looked
    /// at again: a `${X}` in it stays.
    static func text(_ raw: String, environment: [String: String]) -> (text: String, failures: [Failure]) {
        guard raw.utf8.contains(UInt8(ascii: "$")) else { return (raw, []) }
        var (out, failures, rest) = ("", [Failure](), raw.unicodeScalars[...])
        while let scalar = rest.popFirst() {
            guard scalar == "$" else {
                out.unicodeScalars.append(scalar)
                continue
            }
            switch rest.first {
            case "$"?:
                rest.removeFirst()
                out += "$"
            case "{"?:
                rest.removeFirst()
                let name = rest.prefix { $0 != "}" }
                rest = rest[name.endIndex...]
                guard rest.popFirst() != nil else { return (out, failures + [.unclosed]) }
                let result = variable(String(name), environment)
                switch result {
                case .success(let value): out += value
                case .failure(let failure): failures.append(failure)
                }
            case _: failures.append(.alone)
            }
        }
        return (out, failures)
    }

    private static func variable(_ name: String, _ environment: [String: String]) -> Result<String, Failure> {
        guard TextRule.isVariableName(name) else { return .failure(.badName(name)) }
        guard let value = environment[name] else { return .failure(.missing(name)) }
        return .success(value)
    }
}

extension Context {
    /// The text that a scalar stands for; nil after saying what is wrong with its variables.
    func interpolated(_ raw: String, line: Int) -> String? {
        let (text, failures) = Interpolation.text(raw, environment: environment)
        for failure in failures {
            switch failure {
            case .missing(let name):
                reject(
                    .variable, line: line, "the environment has no variable `\(name)`",
                    hint: "set it, or write `$$` for a dollar sign")
            case .badName(let name):
                reject(
                    .variable, line: line, "\(shown("${" + name + "}")) is not a variable",
                    hint: "names have letters, digits and `_`; write `$$` for a dollar sign")
            case .unclosed:
                reject(.variable, line: line, "`${` has no `}` after it", hint: "write `$$` for a dollar sign")
            case .alone:
                reject(
                    .variable, line: line, "a `$` stands alone",
                    hint: "write `${NAME}` for a variable, `$$` for a dollar sign")
            }
        }
        return failures.isEmpty ? text : nil
    }
}
