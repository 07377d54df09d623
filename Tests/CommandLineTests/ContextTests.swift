// A second machine comes to a region: what travels, and what is refused before anything is kept.
import Foundation
import Testing

@Suite("Context") struct ContextTests {
    private func place() throws -> Workplace {
        let place = try Workplace()
        try place.write(
            #"{"region":"eu1","addresses":["192.0.2.11","192.0.2.12"],"port":8443,"isHandedOff":true,"epoch":3}"#,
            to: "state/eu1/context.json")
        try place.write("-----BEGIN CERTIFICATE-----\n", to: "state/eu1/ca.pem")
        try place.write("muster_verysecret", to: "state/eu1/admin.token")
        return place
    }

    @Test("export: addresses and the authority, never the token")
    func export() throws {
        let exported = try place().muster("context", "export")
        #expect(exported.code == 0, "\(exported)")
        let content = try JSONSerialization.jsonObject(with: Data(exported.output.utf8)) as? [String: Any]
        #expect(content?["addresses"] as? [String] == ["192.0.2.11", "192.0.2.12"])
        #expect(content?["region"] as? String == "eu1" && content?["epoch"] as? Int == 3)
        #expect((content?["authority"] as? String)?.hasPrefix("-----BEGIN") == true)
        #expect(!exported.output.contains("verysecret"))
    }

    @Test("add: no token, a region that is known, a file that is none, a name that is a path: refused, nothing kept")
    func add() throws {
        let known = try place()
        try known.write(try known.muster("context", "export").output, to: "eu1.context")
        let again = try known.muster("context", "add", "eu1.context")
        #expect(again.code == 64 && again.errors.contains("region `eu1`: this machine knows it already"), "\(again)")
        let other = try Workplace()
        let text = try #require(known.text("eu1.context"))
        try other.write(text, to: "eu1.context")
        try other.write(text.replacingOccurrences(of: "\"eu1\"", with: "\"../eu1\""), to: "path.context")
        try other.write("{}", to: "none.context")
        let silent = try other.muster("context", "add", "eu1.context")
        #expect(silent.code == 64 && silent.errors.contains("there is no token on it"), "\(silent)")
        for name in ["path.context", "none.context", "absent.context"] {
            #expect(try other.muster("context", "add", name).code == 64, "\(name)")
        }
        #expect(!FileManager.default.fileExists(atPath: "\(other.folder)/state/eu1"))
    }
}
