// What counts as a typing mistake, and what does not.

import Testing

@testable import RegionManifest

@Suite struct SpellingTests {
    let keys = ["name", "address", "domain", "cluster", "role", "labels", "hostKey", "reserve"]

    @Test(
        "a typing mistake → the key that was meant",
        arguments: [
            ("adress", "address"), ("Domain", "domain"), ("clsuter", "cluster"), ("hostkey", "hostKey"),
            ("roles", "role"), ("lables", "labels"),
        ])
    func near(word: String, meant: String) { #expect(Spelling.suggestion(for: word, among: keys) == meant) }

    @Test(
        "something else → no suggestion", arguments: ["", "x", "password", "port", String(repeating: "a", count: 999)])
    func far(word: String) { #expect(Spelling.suggestion(for: word, among: keys) == nil) }

    @Test("distances of insertions, removals, replacements and swaps")
    func distances() {
        #expect(Spelling.distance("", "abc") == 3)
        #expect(Spelling.distance("abc", "acb") == 1)
        #expect(Spelling.distance("kitten", "sitting") == 3)
    }
}

@Suite struct TextRuleTests {
    @Test(
        "keys that sound like secrets",
        arguments: [
            "password", "dbPassword", "DB_PASSWD", "join-token", "apiTokens", "private_key", "secret", "dbsecret",
        ])
    func secrets(key: String) { #expect(TextRule.soundsSecret(key)) }

    @Test("keys that do not", arguments: ["tokenizer", "secretary", "key", "hostKey", "passage", "", "keyFile"])
    func others(key: String) { #expect(!TextRule.soundsSecret(key)) }
}
