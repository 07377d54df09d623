// All that `muster serve` is told. Secrets are read from files (Swarm secrets), never from arguments or environment,
// which every process listing shows.

package import FleetModel

/// How one control plane runs.
package struct ControlPlaneConfiguration: Sendable {
    package var region: RegionID
    package var listenAddress: String
    package var port: Int
    /// Holds the inventory: the volume.
    package var dataFolder: String
    package var authorityKeyFile: String
    package var authorityCertificateFile: String
    package var regionKeyFile: String
    /// SHA-256 of the token that hand off and restore need.
    package var handOffTokenSHA256: String
    /// Every manager's address: names in the certificate, beside the region, `localhost` and 127.0.0.1.
    package var addresses: [String]
    /// Time between two observations. A minute: half would double the load of 1000 sshd for little news, twice would
    /// make a lost host two minutes old before anyone knows.
    package var observeInterval: Duration
    /// Epoch when the service was made: an inventory of an older epoch is not taken.
    package var epoch: Int
    /// The policy when the service was made: how managers are reached while the volume is still empty.
    package var policy: FleetPolicy
    /// Version of this `muster`.
    package var version: String

    package init(
        region: RegionID, listenAddress: String = "0.0.0.0", port: Int = 8443, dataFolder: String = "/var/lib/muster",
        authorityKeyFile: String, authorityCertificateFile: String, regionKeyFile: String, handOffTokenSHA256: String,
        addresses: [String], observeInterval: Duration = .seconds(60), epoch: Int, policy: FleetPolicy, version: String
    ) {
        (self.region, self.listenAddress, self.port, self.dataFolder) = (region, listenAddress, port, dataFolder)
        (self.authorityKeyFile, self.authorityCertificateFile) = (authorityKeyFile, authorityCertificateFile)
        (self.regionKeyFile, self.handOffTokenSHA256, self.addresses) = (regionKeyFile, handOffTokenSHA256, addresses)
        (self.observeInterval, self.epoch, self.policy, self.version) = (observeInterval, epoch, policy, version)
    }

    var inventoryPath: String { dataFolder + "/inventory.sqlite" }
}

/// Time and chance, passed in so that tests decide them (style.md).
package struct Surroundings: Sendable {
    /// For people and reports.
    package var now: @Sendable () -> Timestamp
    /// Time since some fixed moment, by a clock that nobody sets: for codes, sessions, deadlines (F46).
    package var elapsed: @Sendable () -> Duration
    /// A number in 0..<1.
    package var random: @Sendable () -> Double
    /// Waits; throws when cancelled.
    package var wait: @Sendable (Duration) async throws -> Void

    package init(
        now: @escaping @Sendable () -> Timestamp, elapsed: @escaping @Sendable () -> Duration,
        random: @escaping @Sendable () -> Double, wait: @escaping @Sendable (Duration) async throws -> Void
    ) {
        (self.now, self.elapsed, self.random, self.wait) = (now, elapsed, random, wait)
    }
}
