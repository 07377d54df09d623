// When a question of the far side is answered, and when it is settled: once, and only before anything else is sent.

/// The state of one command's prompt.
struct PromptFeed {
    enum Turn {
        case wait
        case answer([UInt8])
        /// Settled: what follows goes in now.
        case goOn
        /// Asked again: the answer was wrong, and there is no other.
        case giveUp
    }

    private let prompt: SSHCommand.Prompt
    private var isAnswered = false

    init(_ prompt: SSHCommand.Prompt) { self.prompt = prompt }

    mutating func look(at output: [UInt8], _ errors: [UInt8]) -> Turn {
        if Self.count(prompt.settled, in: output) > 0 { return .goOn }
        let asked = Self.count(prompt.question, in: errors)
        if isAnswered { return asked > 1 ? .giveUp : .wait }
        guard asked > 0 else { return .wait }
        isAnswered = true
        return .answer(prompt.answer.withBytes { [UInt8]($0) } + [UInt8(ascii: "\n")])
    }

    /// What came beside the prompt's own words.
    static func rest(of bytes: [UInt8], without text: [UInt8]) -> [UInt8] {
        var rest: [UInt8] = []
        var start = 0
        while start < bytes.count {
            if bytes[start] == text.first, bytes[start...].starts(with: text) {
                start += text.count
            } else {
                rest.append(bytes[start])
                start += 1
            }
        }
        return rest
    }

    /// How often `text` is in `bytes`. A login's noise and sudo's lecture are short: looking at all of it is cheap.
    private static func count(_ text: [UInt8], in bytes: [UInt8]) -> Int {
        guard !text.isEmpty, bytes.count >= text.count else { return 0 }
        return (0...(bytes.count - text.count)).count { bytes[$0] == text[0] && bytes[$0...].starts(with: text) }
    }
}
