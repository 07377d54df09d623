// Outside of the lab's network nothing is sent to the lab's addresses, whichever verb is asked.
import Foundation
import Testing

@Suite("Outside the lab") struct OutsideTheLabTests {
    private static let cure = "run it in the lab's network: `muster lab exec -- muster …`"

    /// Whether this process is where a lab's addresses have a route: then there is nothing to refuse.
    static let isInLab: Bool = {
        let table = (try? String(contentsOfFile: "/proc/net/route", encoding: .utf8)) ?? ""
        return table.contains("000012C6")
    }()

    @Test("status after a hand off, and every verb that connects: refused with the cure", .enabled(if: !isInLab))
    func refuses() throws {
        let place = try Workplace()
        try place.write(
            #"{"region":"lab","addresses":["198.18.1.2"],"port":8443,"isHandedOff":true,"epoch":1}"#,
            to: "state/lab/context.json")
        try place.write("-", to: "state/lab/ca.pem")
        try place.write("-", to: "state/lab/admin.token")
        let status = try place.muster("status")
        #expect(status.code == 2)
        #expect(status.errors.contains("`198.18.1.2` is an address for labs") && status.errors.contains(Self.cure))
        try place.write(
            """
            muster: 1
            region: lab2
            access: {keyFile: ./key}
            domains: [a]
            clusters: [{name: control, control: true, managers: 1}]
            hosts: [{name: h1, address: 198.18.1.2, domain: a, cluster: control}]
            """, to: "lab.yaml")
        for words in [["check", "lab.yaml"], ["plan", "lab.yaml"], ["up", "lab.yaml"]] {
            let ended = try place.muster(words[0], words[1])
            #expect(ended.code == 2 && ended.errors.contains(Self.cure), "\(words): \(ended)")
        }
        let exec = try place.muster("hosts", "exec", "--all", "lab.yaml", "--", "true")
        #expect(exec.code == 2 && exec.errors.contains(Self.cure), "\(exec)")
    }
}
