// One host's output while it comes, and as programs read it.
import FleetLive
import FleetModel

/// What one host has printed so far.
struct HostOutput {
    private(set) var standardOutput: BoundedOutput
    private(set) var standardError: BoundedOutput
    /// Standard error apart, as programs want it, or in the order in which both came, as people do.
    private let isSplit: Bool
    private var halfLines: (output: [UInt8], error: [UInt8]) = ([], [])

    /// A line of a file without line ends is printed in parts of this size.
    private static let longestLine = 16_384

    init(limit: Int, isSplit: Bool) {
        (standardOutput, standardError) = (BoundedOutput(limit: limit), BoundedOutput(limit: limit))
        self.isSplit = isSplit
    }

    mutating func append(_ isError: Bool, _ bytes: UnsafeRawBufferPointer) {
        if isError && isSplit { standardError.append(bytes) } else { standardOutput.append(bytes) }
    }

    /// The lines that `bytes` complete.
    mutating func lines(_ isError: Bool, _ bytes: UnsafeRawBufferPointer) -> [String] {
        var half = isError ? halfLines.error : halfLines.output
        var lines: [String] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") || half.count >= Self.longestLine {
                lines.append(Self.text(half))
                half.removeAll(keepingCapacity: true)
            }
            if byte != UInt8(ascii: "\n") { half.append(byte) }
        }
        if isError { halfLines.error = half } else { halfLines.output = half }
        return lines
    }

    /// What came after the last line end of each stream.
    var unfinished: [(isError: Bool, line: String)] {
        [(false, halfLines.output), (true, halfLines.error)].filter { !$0.1.isEmpty }.map { ($0, Self.text($1)) }
    }

    private static func text(_ line: [UInt8]) -> String {
        String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line[...], as: UTF8.self)
    }
}

/// What `hosts exec --json` prints of a host.
struct ExecLine: Encodable {
    var host: HostID
    var address: String
    var isSuccess: Bool
    /// The command that did not end well.
    var command: String?
    var exit: Int32?
    var signal: String?
    var problem: FleetProblem?
    var stdout: String
    var stderr: String
    /// Bytes of the output that were not kept.
    var bytesLeftOut: Int
    var seconds: Double

    init(_ run: HostRun, _ commands: [RemoteCommand], _ output: HostOutput) {
        (host, address, isSuccess) = (run.host.name, run.host.address, run.isSuccess)
        if !run.isSuccess { command = commands[max(0, run.endings.count - 1)].title }
        switch run.endings.last {
        case .exit(let status)?: exit = status
        case .signal(let name)?: signal = name
        case .failed(let problem)?: self.problem = problem
        case nil: break
        }
        (stdout, stderr) = (output.standardOutput.text, output.standardError.text)
        bytesLeftOut = output.standardOutput.leftOut + output.standardError.leftOut
        seconds = run.duration / .seconds(1)
    }
}

/// The last line.
struct ExecSummary: Encodable {
    var hosts: Int
    var ok: Int
    var failed: Int
    var seconds: Double

    init(count: Int, failures: Int, seconds: Double) {
        (hosts, ok, failed, self.seconds) = (count, count - failures, failures, seconds)
    }
}
