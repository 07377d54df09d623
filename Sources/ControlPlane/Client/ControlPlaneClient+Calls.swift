// One method for each route, with the types of its answer.

package import FleetModel
package import FoundationEssentials
package import InventoryStore

/// What take back answers: the region's last state, as an inventory file.
package struct TakenBack: Sendable {
    package let inventory: Data
    package let epoch: Int
    package let generation: Int
}

extension ControlPlaneClient {
    /// Works without a token; answers also when the control plane does not serve.
    package func health() async throws(FleetProblem) -> Health {
        try await ask(Call(path: "/v1/health", timeout: .seconds(10), alsoTakes: [503])).json(Health.self)
    }

    /// Sends the inventory file. The client's token must be the hand-off token. May be repeated.
    package func handOff(_ inventory: Data) async throws(FleetProblem) -> Handed {
        try await send(inventory, to: "/v1/hand-off")
    }

    /// Sends a restored inventory file. The client's token must be the hand-off token. May be repeated.
    package func restore(_ inventory: Data) async throws(FleetProblem) -> Handed {
        try await send(inventory, to: "/v1/restore")
    }

    private func send(_ inventory: Data, to path: String) async throws(FleetProblem) -> Handed {
        let call = Call(
            method: .POST, path: path, body: inventory, contentType: "application/octet-stream", timeout: .seconds(180))
        return try await ask(call).json(Handed.self)
    }

    package func takeBack() async throws(FleetProblem) -> TakenBack {
        let answer = try await ask(
            Call(method: .POST, path: "/v1/take-back", accept: "application/octet-stream", timeout: .seconds(180)))
        guard let epoch = answer.headers.first(name: "muster-epoch").flatMap({ Int($0) }),
            let generation = answer.headers.first(name: "muster-generation").flatMap({ Int($0) })
        else {
            throw FleetProblem(
                .failed, "answer-unreadable", subject: "control plane",
                "take back was answered without epoch and generation",
                hint: "use the `muster` of the control plane's version")
        }
        return TakenBack(inventory: answer.body, epoch: epoch, generation: generation)
    }

    /// The sealed copy's bytes, for `SealedCopy.open`.
    package func sealedCopy() async throws(FleetProblem) -> Data {
        try await ask(Call(path: "/v1/sealed-copy", accept: "application/octet-stream", timeout: .seconds(180))).body
    }

    package func status() async throws(FleetProblem) -> RegionStatus {
        try await ask(Call(path: "/v1/status")).json(RegionStatus.self)
    }

    package func region() async throws(FleetProblem) -> RegionAnswer {
        try await ask(Call(path: "/v1/region")).json(RegionAnswer.self)
    }

    package func clusters() async throws(FleetProblem) -> [ClusterStatus] {
        try await ask(Call(path: "/v1/clusters")).json(ClustersAnswer.self).clusters
    }

    package func hosts() async throws(FleetProblem) -> [HostStatus] {
        try await ask(Call(path: "/v1/hosts")).json(HostsAnswer.self).hosts
    }

    package func host(_ name: HostID) async throws(FleetProblem) -> HostAnswer {
        try await ask(Call(path: "/v1/hosts/\(Self.escaped(name.rawValue))")).json(HostAnswer.self)
    }

    package func metrics() async throws(FleetProblem) -> String {
        String(decoding: try await ask(Call(path: "/v1/metrics", accept: "text/plain")).body, as: UTF8.self)
    }
}

extension ControlPlaneClient {
    /// Lets the control plane observe and plan. Takes as long as the slowest host's deadline.
    package func plan(_ wanted: PlanWanted) async throws(FleetProblem) -> PlanAnswer {
        let call = Call(method: .POST, path: "/v1/plans", body: try Self.body(wanted), timeout: .seconds(330))
        return try await ask(call).json(PlanAnswer.self)
    }

    package func plan(_ id: PlanID) async throws(FleetProblem) -> Plan {
        try await ask(Call(path: "/v1/plans/\(Self.escaped(id.rawValue))")).json(Plan.self)
    }

    package func tokens() async throws(FleetProblem) -> [APIToken] {
        try await ask(Call(path: "/v1/tokens")).json(TokensAnswer.self).tokens
    }

    /// The new token's text: this is the only time that it is seen.
    package func makeToken(_ wanted: TokenWanted) async throws(FleetProblem) -> TokenText {
        let call = Call(method: .POST, path: "/v1/tokens", body: try Self.body(wanted), isRepeatable: false)
        return TokenText(Secret(try await ask(call).json(TokenMade.self).token))
    }

    package func revokeToken(_ name: String) async throws(FleetProblem) {
        _ = try await ask(Call(method: .DELETE, path: "/v1/tokens/\(Self.escaped(name))", isRepeatable: false))
    }

    /// An address that opens the page once, within 60 s, at the manager that answers. It is a secret for that long.
    package func pageAddress() async throws(FleetProblem) -> Secret {
        let made = try await ask(Call(method: .POST, path: "/v1/page-codes")).json(PageCodeMade.self)
        // The code is known to the one control plane there is; the first address that answers health is its own.
        for address in addresses where await answersHealth(at: address) {
            return Secret("https://\(Self.hostAndPort(address, port))/open?code=\(made.code)")
        }
        throw FleetProblem(
            .unavailable, "control-plane-unreachable", subject: "control plane",
            "it made a code and then no manager answered", hint: "try again")
    }

    private func answersHealth(at address: String) async -> Bool {
        let url = "https://\(Self.hostAndPort(address, port))/v1/health"
        return (try? await http.execute(.init(url: url), timeout: .seconds(10))) != nil
    }

    private static func body(_ value: some Encodable) throws(FleetProblem) -> Data {
        do {
            return try JSONAnswer.data(value)
        } catch {
            throw .unexpected(error, subject: "control plane")
        }
    }

    /// A path segment in which nothing but letters, digits, `-`, `.`, `_` stands for itself.
    static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain =
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || [45, 46, 95].contains(byte)
            return isPlain ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}
