// One way to write JSON answers and to read JSON bodies: sorted keys, so that equal values are equal bytes, and
// errors that say where in the body the trouble is.

import FleetModel
import FoundationEssentials
import Hummingbird

enum JSONAnswer {
    static func data(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }

    static func response(
        _ value: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) throws -> Response {
        var headers = headers
        headers[.contentType] = "application/json"
        return Response(
            status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: try data(value))))
    }

    /// Reads a body as JSON; what is wrong in it is told with its place.
    static func body<Value: Decodable>(_ type: Value.Type, of data: Data, subject: String) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch let error as DecodingError {
            throw APIProblem(
                .badRequest, .rejected, "body-invalid", subject: subject,
                "the body is not as expected: \(words(of: error))",
                hint: "compare it with `GET /v1/openapi.json`")
        }
    }

    private static func words(of error: DecodingError) -> String {
        func place(_ path: [any CodingKey]) -> String {
            let names = path.map { $0.intValue.map(String.init) ?? $0.stringValue }
            return names.isEmpty ? "the document" : "`\(names.joined(separator: "."))`"
        }
        return switch error {
        case .keyNotFound(let key, let context): "\(place(context.codingPath + [key])) is missing"
        case .typeMismatch(_, let context): "\(place(context.codingPath)) has the wrong type"
        case .valueNotFound(_, let context): "\(place(context.codingPath)) is null"
        case .dataCorrupted(let context): "\(place(context.codingPath)) cannot be read"
        @unknown default: "it cannot be read"
        }
    }
}
