// Hosts as other tools' files have them, before they become a manifest: every value with the place where it stands.

/// A value that another tool's file gives.
struct Setting: Equatable {
    var value: String
    var file: String
    var line: Int
}

/// One host of another tool's file, or of the command line.
struct FoundHost {
    var name: String
    var file: String
    var line: Int
    /// nil: the name is where it is reached.
    var address: Setting?
    var user: Setting?
    var port: Setting?
    var keyFile: Setting?
    /// `user@address:port`, as OpenSSH's ProxyJump has it.
    var bastion: Setting?
    /// Of an inventory: the groups that it is in, the nearest first; without `all` and `ungrouped`.
    var groups: [String] = []
    /// Of an inventory: all its variables.
    var variables: [String: Setting] = [:]
}

/// What a file of another tool gave.
struct FoundHosts {
    var hosts: [FoundHost] = []
    /// What was left aside and why, for people.
    var notes: [String] = []
    /// The account, when nothing names one.
    var defaultUser = "root"
}

/// The files that importers read; a tree in memory in tests.
package protocol FileTree {
    /// The text of a file; nil when there is none, an error's words when it cannot be read.
    func text(_ path: String) -> Result<String, UnreadableFile>?
    /// The names in a folder, sorted; empty when it is none.
    func names(in folder: String) -> [String]
}

/// Why a file cannot be read.
package struct UnreadableFile: Error {
    let reason: String
    package init(reason: String) { self.reason = reason }
}

extension FileTree {
    /// The text of a file that must be there; reports what is wrong with it.
    func text(_ path: String, _ context: Context) -> String? {
        switch text(path) {
        case .success(let text): return text
        case .failure(let error): context.reject(.file, file: path, line: 1, "cannot read it", cause: error.reason)
        case nil: context.reject(.file, file: path, line: 1, "there is no such file", hint: "check its name")
        }
        return nil
    }
}

/// The files of this machine.
package struct SystemFiles: FileTree {
    package init() {}

    package func text(_ path: String) -> Result<String, UnreadableFile>? {
        do {
            let bytes = try ManifestFileBytes.read(path)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                return .failure(UnreadableFile(reason: "it is not UTF-8"))
            }
            return .success(text)
        } catch {
            return error.isAbsent ? nil : .failure(UnreadableFile(reason: error.reason))
        }
    }

    package func names(in folder: String) -> [String] { ManifestFileBytes.names(in: folder) }
}
