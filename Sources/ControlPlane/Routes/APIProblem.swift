// How problems become answers: always JSON of one `FleetProblem`, with the status that tells a client what to do.

import FleetModel
import Hummingbird

/// A problem with the status that answers it.
struct APIProblem: Error {
    let status: HTTPResponse.Status
    let problem: FleetProblem

    init(_ status: HTTPResponse.Status, _ problem: FleetProblem) { (self.status, self.problem) = (status, problem) }

    init(
        _ status: HTTPResponse.Status, _ kind: FleetProblem.Kind, _ code: String, subject: String, _ message: String,
        hint: String? = nil
    ) {
        self.init(status, FleetProblem(kind, code, subject: subject, message, hint: hint))
    }

    /// The answer to any error that a handler threw.
    init(_ error: any Error, request: Request) {
        let subject = "\(request.method.rawValue) \(request.uri.path)"
        switch error {
        case let error as APIProblem: self = error
        case let problem as FleetProblem: self.init(Self.status(of: problem.kind), problem)
        case let error as HTTPError where error.status == .notFound:
            self.init(.notFound, .rejected, "no-such-route", subject: subject, "there is no such route")
        case let error as any HTTPResponseError where error.status == .contentTooLarge:
            self.init(
                .contentTooLarge, .rejected, "body-too-large", subject: subject,
                "the body is larger than this route takes")
        case let error as any HTTPResponseError:
            self.init(
                error.status, .rejected, "bad-request", subject: subject, "the request was not understood")
        case is CancellationError:
            self.init(
                .serviceUnavailable, .unavailable, "stopping", subject: subject, "the control plane is stopping",
                hint: "ask again in some seconds")
        case _:
            self.init(
                .internalServerError,
                FleetProblem(
                    .broken, "unexpected", subject: subject, "the control plane met an error that it did not expect",
                    cause: String(describing: error), hint: "see the service's log"))
        }
    }

    private static func status(of kind: FleetProblem.Kind) -> HTTPResponse.Status {
        switch kind {
        case .rejected: .badRequest
        case .refused: .conflict
        case .unavailable: .serviceUnavailable
        case .broken, .failed, .noted: .internalServerError
        }
    }
}
