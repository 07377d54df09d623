// What every answer has in common: problems as JSON, and headers that keep browsers from doing more than the page.

import FleetModel
import FoundationEssentials
import HTTPTypes
import Hummingbird

/// Turns errors into answers and adds the headers that every answer carries.
struct AnswerMiddleware: RouterMiddleware {
    typealias Context = RequestScope

    /// Nothing inline, nothing from elsewhere, in no frame.
    static let contentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    func handle(
        _ request: Request, context: RequestScope, next: (Request, RequestScope) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            response = try Self.answer(to: error, request, context)
        }
        for (name, value) in Self.headers where response.headers[name] == nil { response.headers[name] = value }
        return response
    }

    private static func answer(to error: any Error, _ request: Request, _ context: RequestScope) throws -> Response {
        let answer = APIProblem(error, request: request)
        if answer.status.code >= 500 {
            context.logger.error("request failed", metadata: ["problem": "\(answer.problem)"])
        }
        var headers = HTTPFields()
        if answer.status == .unauthorized { headers[.wwwAuthenticate] = "Bearer realm=\"muster\"" }
        if answer.status == .serviceUnavailable { headers[.retryAfter] = "5" }
        return try JSONAnswer.response(answer.problem, status: answer.status, headers: headers)
    }

    private static let headers: [(HTTPField.Name, String)] = [
        (.contentSecurityPolicy, contentSecurityPolicy),
        (.xContentTypeOptions, "nosniff"),
        (name("X-Frame-Options"), "DENY"),
        (name("Referrer-Policy"), "no-referrer"),
        (name("Cross-Origin-Opener-Policy"), "same-origin"),
        (name("Cross-Origin-Resource-Policy"), "same-origin"),
        (.strictTransportSecurity, "max-age=31536000"),
        (.cacheControl, "no-store"),
    ]

    /// The names above are literals that are valid; a test sees every one of them in an answer.
    private static func name(_ text: String) -> HTTPField.Name { HTTPField.Name(text) ?? .server }
}
