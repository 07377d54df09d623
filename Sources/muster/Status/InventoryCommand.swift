// `muster inventory`: for now the way back from a lost volume: the sealed copy, opened here, becomes the truth again.
import ArgumentParser
import ControlPlane
import FleetLive
import FleetModel
import Foundation

struct InventoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inventory", abstract: "The inventory of a region.", subcommands: [Restore.self])

    struct Restore: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "restore",
            abstract: "Give the sealed copy on this machine to a control plane that lost its volume.",
            discussion: "Example: muster inventory restore --region eu1")

        @OptionGroup var options: RegionOptions
        @Option(help: "A sealed copy. (default: the one in the region's folder)") var from: String?

        func run() async throws {
            let remote = try options.remote()
            let archive = try SealedCopyFile(folder: remote.folder, path: from).archive()
            guard let authority = remote.folder.text(.authorityCertificate) else { return }
            let client = try remote.client(authority, try SealedCopyFile.handOffToken(remote.folder))
            do {
                let handed = try await client.restore(archive.inventory)
                await client.shutdown()
                Console.line(
                    "region `\(handed.region)`: restored, epoch \(handed.epoch), generation \(handed.generation)")
            } catch {
                await client.shutdown()
                throw error
            }
        }
    }
}

/// The sealed copy on the operator's machine.
struct SealedCopyFile {
    let folder: RegionFolder
    let path: String

    init(folder: RegionFolder, path: String?) {
        (self.folder, self.path) = (folder, path ?? folder.path(of: .sealedCopy))
    }

    func archive() throws -> RegionArchive {
        guard let key = folder.text(.sealingKey)?.split(separator: "\n").first else {
            throw FleetProblem(
                .rejected, "no-sealing-key", subject: "file `\(folder.path(of: .sealingKey))`",
                "the private half of the sealing key is missing", hint: "restore it from a backup of this folder")
        }
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: path)) else {
            throw FleetProblem(
                .rejected, "no-sealed-copy", subject: "file `\(path)`", "cannot read the sealed copy",
                hint: "name another with `--from`")
        }
        return try SealedCopy.open(data, with: Secret(String(key)))
    }

    /// The token that hand off and restore want; kept as long as the region lives.
    static func handOffToken(_ folder: RegionFolder) throws -> Secret {
        guard let token = folder.secret(.handOffToken) else {
            throw FleetProblem(
                .rejected, "no-hand-off-token", subject: "file `\(folder.path(of: .handOffToken))`", "it is missing",
                hint: "restore it from a backup of this folder")
        }
        return token
    }
}
