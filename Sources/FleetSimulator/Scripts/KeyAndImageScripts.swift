// authorize-region-key.sh and load-image.sh on a simulated host.
import FleetModel

extension SimulatedWorld {
    func authorizeRegionKey(_ run: ScriptRun) async throws(ScriptStop) -> [String] {
        try claim(run)
        let host = run.host
        let addresses = run.act.arguments.dropFirst(3).joined(separator: ",")
        let bridges = host.isEngineRunning ? ",172.17.0.0/16" : ""
        let line = "restrict,from=\"\(addresses)\(bridges)\" \(run.argument(2)) muster:\(run.region)"
        if host.authorizedKeys.contains(line), host.madeHas("regionKeyFrom", addresses),
            host.madeHas("regionKey", run.argument(2))
        {
            return Self.unchanged
        }
        try await stroke(run, 5...30, "before the key is written down")
        host.madeAdd("regionKeyFrom", [], region: run.region)
        for kind in ["regionKey", "regionKeyFrom"] { host.madeDrop(kind, region: run.region) }
        try await stroke(run, 1...5, "before the key's line")
        guard host.freeDiskMiB > 0 else { throw .fails("write-key", "\(run.argument(1))/.ssh/authorized_keys") }
        // Writing the same line again changes nothing.
        if !host.authorizedKeys.contains(line) { effect("key let in from \(addresses)", host.name.rawValue) }
        host.authorizedKeys.removeAll { $0.hasSuffix(" muster:\(run.region)") }
        host.authorizedKeys.append(line)
        try await stroke(run, 1...5, "before the key's addresses are written down")
        host.madeSet("regionKey", run.argument(2), region: run.region)
        host.madeSet("regionKeyFrom", addresses, region: run.region)
        return Self.changed
    }

    func loadImage(_ run: ScriptRun) async throws(ScriptStop) -> [String] {
        try claim(run)
        let (host, reference) = (run.host, run.argument(1))
        guard host.isEngineRunning else { throw .fails("load-image", "Cannot connect to the Docker daemon") }
        if host.images.contains(reference) { return Self.unchanged }
        try await stroke(run, 1...5, "before the image is written down")
        host.madeAdd("images", [reference], region: run.region)
        try await stroke(run, 1000...6000, "before the image is there")
        // What is left of the archive cannot come any more.
        guard run.exchange.end == nil, !run.exchange.isCut else { throw .fails("load-image", "unexpected EOF") }
        guard host.freeDiskMiB >= 200 else { throw .fails("load-image", "no space left on device") }
        host.images.insert(reference)
        effect("image loaded", host.name.rawValue)
        return Self.changed
    }
}
