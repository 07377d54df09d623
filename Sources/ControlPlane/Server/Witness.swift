// The witness: how far the region's truth had come, kept where the truth itself is not (a Swarm config on all
// managers). A volume behind its witness is an old copy and must not serve (section 6; ADR 5).

package import FleetModel

/// The name of a Swarm config that says: epoch and generation were at least this far.
package struct Witness: Hashable, Comparable, Sendable {
    package let region: RegionID
    package let epoch: Int
    package let generation: Int

    package init(region: RegionID, epoch: Int, generation: Int) {
        (self.region, self.epoch, self.generation) = (region, epoch, generation)
    }

    /// `muster-<region>-<epoch>-<generation>`.
    package var name: String { "muster-\(region)-\(epoch)-\(generation)" }

    /// Reads a config's name; nil when it is not a witness of `region`. Region names may hold hyphens themselves.
    package init?(name: String, region: RegionID) {
        let prefix = "muster-\(region)-"
        guard name.hasPrefix(prefix) else { return nil }
        let numbers = name.dropFirst(prefix.count).split(separator: "-", omittingEmptySubsequences: false)
        guard numbers.count == 2, let epoch = Int(numbers[0]), let generation = Int(numbers[1]), epoch >= 0,
            generation >= 0
        else { return nil }
        self.init(region: region, epoch: epoch, generation: generation)
        // `+1` and `007` are numbers too, but not how a witness is written.
        guard self.name == name else { return nil }
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.epoch, left.generation) < (right.epoch, right.generation)
    }

    /// The names that may go once `newest` witnesses are kept: two, so that a writer that dies between writing the
    /// new one and removing the old one never leaves none.
    package static func superseded(among witnesses: [Witness], keeping newest: Int = 2) -> [Witness] {
        Array(witnesses.sorted(by: >).dropFirst(newest))
    }
}
