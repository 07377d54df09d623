// One `up`, by whoever owns the region: from here before its hand off, by its control plane after it. `muster up` and
// what people ask of single hosts are the same but for the wish.
import FleetModel

/// One `up` of a manifest.
struct RegionUp {
    let session: OperatorSession
    let isJSON: Bool
    let approval: Approval
    /// What is asked for besides the manifest.
    var intents = FleetIntents()

    func run() async throws -> Int32 {
        try await session.closing {
            let lock = try FolderLock(session.folder)
            defer { lock.release() }
            if let context = try RegionContext.load(session.folder), context.isHandedOff {
                return try await RemoteUp(
                    session: session, context: context, isJSON: isJSON, approval: approval, intents: intents
                ).run()
            }
            return try await LocalUp(session: session, isJSON: isJSON, approval: approval, intents: intents).run()
        }
    }
}
