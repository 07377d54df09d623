// What a far end echoes of a secret must not reach a journal, a report or an error (F49).
import FleetModel

extension ShellOutput {
    /// The same without what the act's secret holds, should the far end have echoed it (F49): the last word of each of
    /// its lines, the words before being names.
    func hiding(_ secret: Secret?) -> ShellOutput {
        let lines = secret?.exposed.split(whereSeparator: \.isNewline) ?? []
        var output = self
        for text in lines.compactMap({ $0.split(separator: " ").last }) {
            output.standardOutput = output.standardOutput.replacing(text, with: Secret.dots)
            output.standardError = output.standardError.replacing(text, with: Secret.dots)
        }
        return output
    }
}
