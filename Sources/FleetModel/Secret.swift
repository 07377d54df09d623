// The one type that holds what must never be printed (decision 12): every way of describing it gives dots.

/// A secret text. It has no `Codable` conformance on purpose: it cannot reach a log, a plan or a report by accident.
package struct Secret: Hashable, Sendable {
    /// The text itself. Every use of it is a place that a reviewer looks at.
    package let exposed: String

    package init(_ exposed: String) { self.exposed = exposed }

    /// What is shown instead.
    package static let dots = "•••"
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { Self.dots }
    package var debugDescription: String { Self.dots }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
