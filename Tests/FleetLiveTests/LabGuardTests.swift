// The lab's addresses are asked only where a route of their own leads to them: route tables as the kernel prints them.
import FleetModel
import Testing

@testable import FleetLive

@Suite("Lab guard") struct LabGuardTests {
    private static let header =
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT  \n"
    private static let office =
        header + """
            eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
            eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0

            """

    private func problem(_ table: String, _ addresses: String...) -> FleetProblem? {
        do {
            try LabGuard.check(addresses, subject: "region `lab`", routes: RouteTable(procText: table))
            return nil
        } catch { return error }
    }

    @Test("an address of the lab behind the default route only: refused, with the cure")
    func outside() {
        let problem = problem(Self.office, "10.0.0.1", "198.18.1.2")
        #expect(problem?.exitCode == 2)
        #expect(
            problem?.description
                == "region `lab`: `198.18.1.2` is an address for labs (198.18.0.0/15), and only the default route "
                + "leads to it from here; run it in the lab's network: `muster lab exec -- muster …`")
    }

    @Test("the lab's own bridge, or a route to one of its hosts: let through")
    func inside() {
        let bridge = Self.office + "lab0\t000012C6\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
        #expect(problem(bridge, "198.18.1.2") == nil)
        #expect(problem(bridge, "198.18.1.2", "198.19.0.1")?.message.contains("`198.19.0.1`") == true)
        let host = Self.header + "veth\t020112C6\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0\n"
        #expect(problem(host, "198.18.1.2") == nil)
        #expect(problem(host, "198.18.1.3") != nil)
    }

    @Test(
        "routes that are down, that refuse, or that are halves of the default route lead nowhere",
        arguments: [
            "lab0\t000012C6\t00000000\t0000\t0\t0\t0\t0000FFFF\t0\t0\t0",
            "*\t000012C6\t00000000\t0201\t0\t0\t0\t0000FFFF\t0\t0\t0",
            "tun0\t00000080\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0", "lab0\t000012C6\t0000", "",
        ])
    func nowhere(line: String) { #expect(problem(Self.office + line + "\n", "198.18.1.2") != nil) }

    @Test("other addresses and names are not its business, with any table")
    func others() {
        #expect(problem("", "10.0.0.1", "198.17.255.255", "198.20.0.0", "h1.example", "not an address") == nil)
        #expect(problem(Self.office, "198.19.255.255") != nil)
    }
}
