// All routes of the control plane. Reading this file is reading the API; docs/control-plane.md tells the story.

import Hummingbird
import InventoryStore

/// The routes, and the router that is built from them.
struct RouteTable: Sendable {
    let core: ControlPlaneCore
    let sessions: PageSessions

    /// An inventory of 1000 hosts with years of events is some ten MiB; it is held in memory while it is checked.
    static let inventoryLimit = 256 << 20
    /// A policy of 10,000 hosts is below 4 MiB.
    static let policyLimit = 8 << 20
    /// A token's name and role.
    static let smallLimit = 16 << 10
    /// Observing 1000 hosts, some of which hang until their own deadlines.
    static let observingDeadline = Duration.seconds(300)

    var routes: [Route] { handRoutes + regionRoutes + planRoutes + runRoutes + tokenRoutes + pageRoutes }

    func router(
        peer: @escaping @Sendable (Request, RequestScope) -> String? = { $1.peer }
    ) -> Router<RequestScope> {
        let router = Router(context: RequestScope.self)
        router.add(middleware: AnswerMiddleware())
        for route in routes {
            let entrance = Entrance(route: route, core: core, sessions: sessions, peer: peer)
            router.on(RouterPath(route.path), method: route.method) { try await entrance.respond($0, $1) }
        }
        return router
    }
}

extension RouteTable {
    private var handRoutes: [Route] {
        [
            Route(
                method: .get, path: "/v1/health", access: .open, needsInventory: false, answers: [200, 503],
                handle: health),
            Route(
                method: .post, path: "/v1/hand-off", access: .handOff, needsInventory: false, answers: [200, 409],
                bodyLimit: Self.inventoryLimit, deadline: .seconds(120), handle: handOff),
            Route(
                method: .post, path: "/v1/restore", access: .handOff, needsInventory: false, answers: [200, 409],
                bodyLimit: Self.inventoryLimit, deadline: .seconds(120), handle: restore),
            Route(
                method: .post, path: "/v1/take-back", access: .role(.admin), answers: [200, 409],
                deadline: .seconds(120),
                handle: takeBack),
            Route(
                method: .get, path: "/v1/sealed-copy", access: .role(.admin), answers: [200, 409],
                deadline: .seconds(120), handle: sealedCopy),
        ]
    }

    private var regionRoutes: [Route] {
        [
            Route(method: .get, path: "/v1/status", access: .role(.viewer), answers: [200], handle: status),
            Route(method: .get, path: "/v1/region", access: .role(.viewer), answers: [200], handle: region),
            Route(method: .get, path: "/v1/clusters", access: .role(.viewer), answers: [200], handle: clusters),
            Route(method: .get, path: "/v1/hosts", access: .role(.viewer), answers: [200], handle: hosts),
            Route(method: .get, path: "/v1/hosts/{name}", access: .role(.viewer), answers: [200, 404], handle: host),
            Route(method: .get, path: "/v1/events", access: .role(.viewer), answers: [200, 400], handle: events),
            Route(method: .get, path: "/v1/metrics", access: .role(.viewer), answers: [200], handle: metrics),
        ]
    }

    private var planRoutes: [Route] {
        [
            Route(
                method: .post, path: "/v1/plans", access: .role(.operator), answers: [200, 409],
                bodyLimit: Self.policyLimit, deadline: Self.observingDeadline, handle: makePlan),
            Route(method: .get, path: "/v1/plans/{id}", access: .role(.viewer), answers: [200, 404], handle: plan),
            Route(
                method: .post, path: "/v1/plans/{id}/apply", access: .role(.operator),
                answers: [200, 202, 400, 404, 409],
                deadline: Self.observingDeadline, handle: applyPlan),
        ]
    }

    private var runRoutes: [Route] {
        [
            Route(method: .get, path: "/v1/runs", access: .role(.viewer), answers: [200, 400], handle: runs),
            Route(method: .get, path: "/v1/runs/{id}", access: .role(.viewer), answers: [200, 404], handle: run),
            Route(
                method: .get, path: "/v1/runs/{id}/events", access: .role(.viewer), answers: [200, 400, 404],
                handle: runEvents),
            Route(
                method: .post, path: "/v1/runs/{id}/cancel", access: .role(.operator), answers: [200, 404, 409],
                handle: cancelRun),
        ]
    }

    private var tokenRoutes: [Route] {
        [
            Route(method: .get, path: "/v1/tokens", access: .role(.admin), answers: [200], handle: tokens),
            Route(
                method: .post, path: "/v1/tokens", access: .role(.admin), answers: [201, 409],
                bodyLimit: Self.smallLimit, handle: makeToken),
            Route(
                method: .delete, path: "/v1/tokens/{name}", access: .role(.admin), answers: [204, 404, 409],
                handle: revokeToken),
            Route(method: .post, path: "/v1/page-codes", access: .role(.viewer), answers: [201], handle: makePageCode),
        ]
    }

    private var pageRoutes: [Route] {
        [
            Route(
                method: .get, path: "/v1/openapi.json", access: .role(.viewer), answers: [200], handle: openAPI),
            Route(method: .get, path: "/open", access: .open, answers: [303, 401], handle: open),
            Route(method: .get, path: "/", access: .open, needsInventory: false, answers: [200, 401], handle: page),
            Route(
                method: .get, path: "/page.css", access: .open, needsInventory: false, answers: [200],
                handle: asset(.css)),
            Route(
                method: .get, path: "/page.js", access: .open, needsInventory: false, answers: [200],
                handle: asset(.script)),
            Route(
                method: .get, path: "/page.svg", access: .open, needsInventory: false, answers: [200],
                handle: asset(.icon)),
            Route(method: .get, path: "/page/status", access: .cookie, answers: [200], handle: status),
            Route(method: .get, path: "/page/events", access: .cookie, answers: [200, 400], handle: pageEvents),
        ]
    }
}
