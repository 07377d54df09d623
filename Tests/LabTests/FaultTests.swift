// What a fault takes as its value, what it is called, and which rules come of it; needs no lab.
import Testing

@testable import Lab

@Suite struct FaultTests {
    @Test("a fault without a value gets its default, with one that fits that one")
    func values() throws {
        #expect(try LabFault.skewedClock.value(nil) == "90")
        #expect(try LabFault.skewedClock.value("-600") == "-600")
        #expect(try LabFault.skewedClock.value("+600") == "600")
        #expect(try LabFault.sudo.value(nil) == "password")
        #expect(try LabFault.sudo.value("missing") == "missing")
        #expect(try LabFault.occupiedPort.value(nil) == "2377")
        #expect(try LabFault.hangingCommand.value("apt-get") == "apt-get")
        #expect(try LabFault.clone.value("2") == "h2")
        #expect(try LabFault.swallowedPackets.value(nil) == "1450")
        #expect(try LabFault.oneWay.value(nil) == "all")
        #expect(try LabFault.frozen.value(nil) == "")
    }

    @Test(
        "a value that does not fit is refused with what would",
        arguments: [
            (LabFault.skewedClock, "soon"), (.occupiedPort, "70000"), (.sudo, "never"), (.hangingCommand, "../sh"),
            (.hangingCommand, "a b"), (.clone, "x"), (.frozen, "1"), (.swallowedPackets, "1500"),
        ])
    func wrongValues(_ fault: LabFault, _ value: String) {
        let error = #expect(throws: LabError.self) { try fault.value(value) }
        #expect(error?.kind == .rejected)
        #expect(
            error?.description.contains("`\(value)`") == true && error?.hint.contains("\(fault.rawValue) HOST") == true)
    }

    @Test("a clone without the other host is refused")
    func missingHost() {
        #expect(throws: LabError.self) { try LabFault.clone.value(nil) }
    }

    @Test("every fault says what the host has then, and is made somewhere")
    func summaries() {
        for fault in LabFault.allCases {
            #expect(fault.summary.count > 10)
            #expect((fault.takes == .none) == fault.usage.isEmpty)
            let script = String(decoding: LabScripts.bytes("fault.sh"), as: UTF8.self)
            if case .host = fault.place {
                #expect(script.contains("add:\(fault.rawValue))") || script.contains("*:\(fault.rawValue))"))
            }
        }
    }

    @Test("the rules on the bridge are those of the marks, and nothing of hosts without")
    func rules() {
        let text = LabRegion.filterRules([
            (1, FaultMarks.Mark(fault: .oneWay, value: "h3")), (2, FaultMarks.Mark(fault: .oneWay, value: "all")),
            (3, FaultMarks.Mark(fault: .filteredPort, value: "4789")),
            (4, FaultMarks.Mark(fault: .heldLock, value: "")),
            (5, FaultMarks.Mark(fault: .swallowedPackets, value: "1450")),
        ])
        let rules = text.split(separator: "\n").filter { $0.hasSuffix(" drop") }
        #expect(
            rules == [
                "ip saddr 198.18.1.2 ip daddr 198.18.1.4 drop", "ip saddr 198.18.1.3 drop",
                "ip daddr 198.18.1.4 tcp dport 4789 drop", "ip daddr 198.18.1.4 udp dport 4789 drop",
                "ip saddr 198.18.1.6 ip length > 1450 drop", "ip daddr 198.18.1.6 ip length > 1450 drop",
            ])
    }
}
