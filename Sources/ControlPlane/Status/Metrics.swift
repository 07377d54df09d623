// The Prometheus text of one status: gauges of the region and counters of the control plane.
// Format: https://prometheus.io/docs/instrumenting/exposition_formats/

import FleetModel

/// Collects lines of Prometheus's text format.
struct MetricsText {
    private(set) var text = ""

    mutating func metric(
        _ name: String, _ kind: String, _ help: String, _ samples: [(labels: [(String, String)], value: Double)]
    ) {
        text += "# HELP muster_\(name) \(help)\n# TYPE muster_\(name) \(kind)\n"
        for (labels, value) in samples {
            let inner = labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
            text += "muster_\(name)\(inner.isEmpty ? "" : "{\(inner)}") \(Self.number(value))\n"
        }
    }

    mutating func metric(_ name: String, _ kind: String, _ help: String, _ value: Double) {
        metric(name, kind, help, [([], value)])
    }

    private static func escaped(_ label: String) -> String {
        label.map { character in
            switch character {
            case "\\": "\\\\"
            case "\"": "\\\""
            case "\n": "\\n"
            case _: String(character)
            }
        }.joined()
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
    }
}

extension RegionStatus {
    func metrics(_ counters: Counters) -> String {
        var out = MetricsText()
        out.metric(
            "info", "gauge", "Which control plane answers.",
            [
                ([("region", region.rawValue), ("version", controlPlane.version), ("stage", stage)], 1)
            ])
        out.metric("uptime_seconds", "gauge", "Time since its start.", Double(controlPlane.uptimeSeconds))
        out.metric("epoch", "gauge", "Epoch of the ownership.", Double(epoch))
        out.metric("generation", "gauge", "Generation of the target blueprint.", Double(generation))
        out.metric("hosts", "gauge", "Hosts of the region.", Double(hosts.count))
        out.metric(
            "host_reachable", "gauge", "Whether a host answered the last look.",
            hosts.map {
                ([("host", $0.name.rawValue), ("cluster", $0.cluster.rawValue)], $0.isReachable ? 1 : 0)
            })
        clusterMetrics(&out)
        out.metric("drift", "gauge", "Differences from the target.", Double(drift.count))
        out.metric("warnings", "gauge", "Warnings of the status.", Double(warnings.count))
        if let age = sealedCopy.ageSeconds {
            out.metric("sealed_copy_age_seconds", "gauge", "Age of the last sealed copy.", Double(age))
        }
        if let at = controlPlane.observedAt {
            out.metric(
                "observed_seconds", "gauge", "When the last look ended, since 1970.", Double(at.secondsSinceEpoch))
        }
        counterMetrics(counters, &out)
        return out.text
    }

    private func clusterMetrics(_ out: inout MetricsText) {
        func each(_ value: (ClusterStatus) -> Double) -> [(labels: [(String, String)], value: Double)] {
            clusters.map { ([("cluster", $0.name.rawValue)], value($0)) }
        }
        out.metric("cluster_managers", "gauge", "Managers of a Swarm.", each { Double($0.managers) })
        out.metric("cluster_managers_reachable", "gauge", "Managers in touch.", each { Double($0.managersReachable) })
        out.metric("cluster_quorum", "gauge", "Whether a Swarm has a majority.", each { $0.hasQuorum ? 1 : 0 })
    }

    private func counterMetrics(_ counters: Counters, _ out: inout MetricsText) {
        out.metric(
            "observations_total", "counter", "Looks at all hosts since the start.", Double(counters.observations))
        out.metric("observation_seconds", "gauge", "Time that the last look took.", counters.observationSeconds)
        out.metric("execs_total", "counter", "Commands run on hosts since the start.", Double(counters.execs))
        out.metric("plans_total", "counter", "Plans made since the start.", Double(counters.plans))
        out.metric("events_total", "counter", "Events written since the start.", Double(counters.events))
    }
}

extension ControlPlaneCore {
    func metrics() async throws -> String { try await status().metrics(counters) }
}
