// Time for deadlines: monotonic, so that a clock set back or forward on this machine changes none of them (F46).
import Glibc

/// A point on CLOCK_MONOTONIC.
struct Moment: Comparable {
    let nanoseconds: Int64

    static func now() -> Moment {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Moment(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    static func < (left: Moment, right: Moment) -> Bool { left.nanoseconds < right.nanoseconds }
    static func + (moment: Moment, duration: Duration) -> Moment {
        Moment(nanoseconds: moment.nanoseconds &+ duration.nanoseconds)
    }
    static func - (left: Moment, right: Moment) -> Duration { .nanoseconds(left.nanoseconds - right.nanoseconds) }
}

extension Duration {
    /// Clamped to a century, so that `.seconds(Int64.max)` is "never" and not an overflow.
    var nanoseconds: Int64 {
        let century: Int64 = 3_153_600_000
        let (seconds, attoseconds) = components
        return min(max(seconds, 0), century) * 1_000_000_000 + (seconds < 0 ? 0 : attoseconds / 1_000_000_000)
    }
}
