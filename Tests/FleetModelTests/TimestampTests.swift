// Dates without a date library: the algorithm is checked on days that programs get wrong.
import FleetModel
import Testing

@Suite("Timestamp") struct TimestampTests {
    @Test(
        "seconds since 1970 as ISO 8601 in UTC",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"), (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_164_799, "2024-02-28T23:59:59Z"), (1_709_251_199, "2024-02-29T23:59:59Z"),
            (2_147_483_648, "2038-01-19T03:14:08Z"), (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"), (-86_400, "1969-12-31T00:00:00Z"),
        ])
    func description(seconds: Int, text: String) {
        #expect(Timestamp(secondsSinceEpoch: seconds).description == text)
    }

    @Test("the difference of two is in whole seconds and has a sign")
    func difference() {
        let (early, late) = (Timestamp(secondsSinceEpoch: 10), Timestamp(secondsSinceEpoch: 25))
        #expect(late.seconds(since: early) == 15)
        #expect(early.seconds(since: late) == -15)
        #expect(early < late)
    }
}
