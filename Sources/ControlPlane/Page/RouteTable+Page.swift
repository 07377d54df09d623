// Handlers of the page: the way in by a one-time code, and the files, which are data of bootstrap/page.

import ControlPlaneData
import FleetModel
import HTTPTypes
import Hummingbird

/// A file of the page.
enum PageAsset: Sendable {
    case css, script, icon

    var contentType: String {
        switch self {
        case .css: "text/css; charset=utf-8"
        case .script: "text/javascript; charset=utf-8"
        case .icon: "image/svg+xml"
        }
    }

    var bytes: [UInt8] {
        switch self {
        case .css: ControlPlaneFile.css
        case .script: ControlPlaneFile.script
        case .icon: ControlPlaneFile.icon
        }
    }
}

extension RouteTable {
    func openAPI(_ asked: Asked) async throws -> Response {
        Self.file(ControlPlaneFile.openAPI, "application/json")
    }

    func asset(_ asset: PageAsset) -> @Sendable (Asked) async throws -> Response {
        { _ in Self.file(asset.bytes, asset.contentType) }
    }

    /// The page; without a session it is the one that says how to get one.
    func page(_ asked: Asked) async throws -> Response {
        guard await isSignedIn(asked) else {
            return Self.file(ControlPlaneFile.signedOut, "text/html; charset=utf-8", status: .unauthorized)
        }
        return Self.file(ControlPlaneFile.page, "text/html; charset=utf-8")
    }

    private func isSignedIn(_ asked: Asked) async -> Bool {
        guard let digest = await sessions.token(of: asked.request), let inventory = await core.gate.inventory else {
            return false
        }
        return (try? await inventory.token(sha256: digest)) != nil
    }

    func open(_ asked: Asked) async throws -> Response {
        guard let code = asked.request.uri.queryParameters["code"], let session = await sessions.redeem(String(code))
        else {
            return Self.file(ControlPlaneFile.signedOut, "text/html; charset=utf-8", status: .unauthorized)
        }
        let cookie =
            "\(PageSessions.cookieName)=\(session.exposed); Path=/; Secure; HttpOnly; SameSite=Strict; "
            + "Max-Age=\(PageSessions.sessionLifetime.components.seconds)"
        return Response(status: .seeOther, headers: [.location: "/", .setCookie: cookie])
    }

    private static func file(_ bytes: [UInt8], _ type: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
