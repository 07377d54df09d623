// Typing mistakes in keys and words get the nearest right one as a suggestion (F42).

enum Spelling {
    /// The candidate that is nearest to `word`, if it is near enough to be what was meant: at most a third of its
    /// letters differ, or one of two. With half of them everything short would resemble everything.
    static func suggestion(for word: String, among candidates: [String]) -> String? {
        let nearest = candidates.map { ($0, distance(word.lowercased(), $0.lowercased())) }.min { $0.1 < $1.1 }
        guard let (candidate, distance) = nearest, distance <= max(candidate.count / 3, candidate.count > 1 ? 1 : 0)
        else { return nil }
        return candidate
    }

    /// How many letters must be inserted, removed, replaced or swapped with their neighbour (Damerau's distance in its
    /// "optimal string alignment" form). Words longer than 64 letters are no typing mistakes and get the length.
    static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left), Array(right))
        guard left.count <= 64, right.count <= 64 else { return max(left.count, right.count) }
        var rows = Array(repeating: Array(repeating: 0, count: right.count + 1), count: left.count + 1)
        for column in 0...right.count { rows[0][column] = column }
        for row in 0..<left.count {
            rows[row + 1][0] = row + 1
            for column in 0..<right.count {
                let replaced = rows[row][column] + (left[row] == right[column] ? 0 : 1)
                var best = min(replaced, rows[row][column + 1] + 1, rows[row + 1][column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    best = min(best, rows[row - 1][column - 1] + 1)
                }
                rows[row + 1][column + 1] = best
            }
        }
        return rows[left.count][right.count]
    }
}
