// Patterns of names, wherever people write them: on the command line, in an ssh configuration.

/// Patterns with `*` and `?`, as ssh_config(5) and shells have them.
package enum Glob {
    package static func matches(_ pattern: String, _ text: String) -> Bool {
        let (pattern, text) = (Array(pattern.unicodeScalars), Array(text.unicodeScalars))
        var (at, index, retry) = (0, 0, nil as (at: Int, index: Int)?)
        while index < text.count {
            if at < pattern.count, pattern[at] == "*" {
                at += 1
                retry = (at, index)
            } else if at < pattern.count, pattern[at] == "?" || pattern[at] == text[index] {
                (at, index) = (at + 1, index + 1)
            } else if let back = retry {
                (at, index) = (back.at, back.index + 1)
                retry = (back.at, back.index + 1)
            } else {
                return false
            }
        }
        return pattern[at...].allSatisfy { $0 == "*" }
    }

    /// One match is needed, and one that is negated spoils it.
    package static func matches(list: [String], _ text: String) -> Bool {
        if list.contains(where: { $0.hasPrefix("!") && matches(String($0.dropFirst()), text) }) { return false }
        return list.contains { !$0.hasPrefix("!") && matches($0, text) }
    }
}
