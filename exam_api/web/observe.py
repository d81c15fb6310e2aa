"""Each request leaves one log line and two metrics; an unexpected error leaves its trace."""

import time
from dataclasses import dataclass

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exam_api.web.errors import Respond

# A client may invent methods; each would make new metrics for ever.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Outcome:
    status: int = 0
    seconds: float = 0.0


class Observe:
    """Outermost: what nothing else handled becomes a 500 without details, and others go on."""

    def __init__(self, app: ASGIApp, *, registry: CollectorRegistry, respond: Respond) -> None:
        self._app = app
        self._respond = respond
        labels = ("method", "route")
        self._requests = Counter(
            "baqylau_http_requests", "Requests answered", (*labels, "status"), registry=registry
        )
        self._seconds = Histogram(
            "baqylau_http_seconds", "Time to the response's start", labels, registry=registry
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        outcome = _Outcome()

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                outcome.status = message["status"]
                outcome.seconds = time.perf_counter() - began
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except ClientDisconnect:
            pass  # in the middle of its body: there is nobody to answer, and no fault of ours
        except Exception as error:
            _log.exception("unexpected_error", route=_route(scope))
            if outcome.status:
                raise  # half a response is out: only breaking the connection tells the client
            response = await self._respond(Request(scope, receive), error)
            await response(scope, receive, noting)
        finally:
            self._note(scope, outcome)

    def _note(self, scope: Scope, outcome: _Outcome) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = _route(scope)
        self._requests.labels(method, route, str(outcome.status)).inc()
        self._seconds.labels(method, route).observe(outcome.seconds)
        _log.info(
            "request",
            method=method,
            route=route,
            status=outcome.status,
            ms=round(outcome.seconds * 1000, 1),
        )


def _route(scope: Scope) -> str:
    """The route's template, so that ids make no new metric and stand in no log."""
    return getattr(scope.get("route"), "path", None) or "other"
