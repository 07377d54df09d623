// All text that people see goes through here, so that `--json` can keep stdout to itself and colours stay off pipes.
import FleetModel
import Foundation
import Glibc

/// The terminal, or what stands in its place.
enum Console {
    static let isTerminal = isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    static let isErrorTerminal = isatty(STDERR_FILENO) == 1

    /// Unbuffered, so that lines come when they happen, on a pipe too.
    static func line(_ text: String = "") { write(text + "\n", to: STDOUT_FILENO) }

    /// To stderr: what is not the command's result.
    static func aside(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    /// Writes all of `text`, or what a reader that went away (`muster status | head`) still takes of it.
    static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return }
            bytes = bytes.dropFirst(count)
        }
    }

    static func error(_ problem: FleetProblem) {
        aside((isErrorTerminal ? Style.red.applied(to: "error: ") : "error: ") + problem.description)
    }

    /// A value as one JSON document with sorted keys.
    static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        line(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// A value as one line of JSON.
    static func jsonLine(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        line(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// Columns of the terminal; 100 where there is none.
    static var width: Int {
        var size = winsize()
        return ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 100
    }

    static var height: Int {
        var size = winsize()
        return ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_row > 0 ? Int(size.ws_row) : 40
    }
}

/// Colours of a terminal.
enum Style: String {
    case red = "31"
    case green = "32"
    case yellow = "33"
    case blue = "34"
    case dim = "2"
    case bold = "1"

    /// The text in this style on a terminal, plain elsewhere.
    func callAsFunction(_ text: String) -> String { Console.isTerminal ? applied(to: text) : text }

    func applied(to text: String) -> String { "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" }
}

/// `1 step`, `2 steps`.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

/// Rows with aligned columns.
struct TextTable {
    var header: [String]
    var rows: [[String]] = []

    /// Lines without trailing blanks; styles do not count for the width.
    var lines: [String] {
        let all = (header.isEmpty ? [] : [header.map { Style.dim($0) }]) + rows
        let columns = all.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in all.map { $0.count > column ? $0[column].shownWidth : 0 }.max() ?? 0
        }
        return all.map { row in
            let cells = row.enumerated().map { column, cell in
                column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.shownWidth)
            }
            return cells.joined(separator: "  ")
        }
    }

    func print() { for line in lines { Console.line("  " + line) } }
}

extension String {
    /// Characters that take room on a terminal: escape sequences do not.
    var shownWidth: Int { replacing(/\u{1B}\[[0-9;]*m/, with: "").count }

    func padded(to width: Int) -> String {
        shownWidth >= width ? self : self + String(repeating: " ", count: width - shownWidth)
    }
}

extension Duration {
    /// `0.4 s`, `12 s`, `3 min 05 s`.
    var shown: String {
        let seconds = self / .seconds(1)
        if seconds < 10 { return String(format: "%.1f s", seconds) }
        if seconds < 100 { return String(format: "%.0f s", seconds) }
        return String(format: "%d min %02d s", Int(seconds) / 60, Int(seconds) % 60)
    }
}
