// /etc/muster on a simulated host: the same functions as in bootstrap/host/prelude.sh, by the same names.

extension SimulatedHost {
    /// The kinds that prelude.sh puts into made.json, in its order.
    static let madeKinds = ["packages", "daemonKeys", "swarm", "regionKeyFrom", "regionKey", "images", "files"]

    func madeHas(_ kind: String, _ item: String) -> Bool { made?[kind]?.contains(item) == true }

    func madeAdd(_ kind: String, _ items: [String], region: String) {
        var list = made?[kind] ?? []
        for item in items where !list.contains(item) { list.append(item) }
        madeWrite(kind, list, region)
    }

    func madeSet(_ kind: String, _ item: String, region: String) { madeWrite(kind, [item], region) }

    func madeDrop(_ kind: String, region: String) {
        if made != nil { madeWrite(kind, [], region) }
    }

    private func madeWrite(_ kind: String, _ list: [String], _ region: String) {
        made = made ?? [:]
        made?[kind] = list
        madeRegion = region
    }

    /// made.json in one line.
    var madeJSON: String {
        let lists = Self.madeKinds.map { kind in
            "\"\(kind)\":[\((made?[kind] ?? []).map { "\"\($0)\"" }.joined(separator: ","))]"
        }
        return "{\"region\":\"\(madeRegion)\",\(lists.joined(separator: ","))}"
    }
}
