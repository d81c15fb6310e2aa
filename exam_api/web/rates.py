"""How often one person, or one address without a session, may call (429 and Retry-After).

Token buckets in this process: a full minute's worth at once, then as fast as it refills. Saving
answers has a bucket of its own, far above what a hand can do, so that nothing else that a page
does can keep an answer from being saved.
"""

import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from exam_api.domain.errors import ExamError, TooManyRequests
from exam_api.domain.policy import RateLimits
from exam_api.web.auth import client_address, maybe_user
from exam_api.web.errors import Respond

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_ANSWER: Final = re.compile(r"/api/v1/sittings/[^/]+/answers/[^/]+")
# Files of the pages; probes of those who run the server; media, which go by their own token.
_UNCOUNTED: Final = ("/static/", "/i18n/", "/healthz", "/metrics", "/whip", "/whep")
_MOST_BUCKETS: Final = 50_000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class Buckets:
    """``take`` is 0, or the seconds to wait. The buckets used longest ago are forgotten."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._buckets: OrderedDict[tuple[str, str], _Bucket] = OrderedDict()

    def take(self, who: str, kind: str, per_minute: int) -> int:
        if per_minute == 0:
            return 0
        now = self._now()
        bucket = self._buckets.setdefault((who, kind), _Bucket(per_minute, now))
        self._buckets.move_to_end((who, kind))
        if len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)
        rate = per_minute / 60
        bucket.tokens = min(per_minute, bucket.tokens + (now - bucket.at) * rate)
        bucket.at = now
        if bucket.tokens < 1:
            return ceil((1 - bucket.tokens) / rate)
        bucket.tokens -= 1
        return 0


class LimitRates:
    def __init__(self, app: ASGIApp, *, limits: RateLimits, respond: Respond) -> None:
        self._app = app
        self._limits = limits
        self._respond = respond
        self._buckets = Buckets()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_UNCOUNTED):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            await self._require(request)
        except ExamError as error:
            await (await self._respond(request, error))(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _require(self, request: Request) -> None:
        actor = await maybe_user(request)
        who, kind = (actor.id, _kind(request)) if actor else (client_address(request), "address")
        wait_s = self._buckets.take(who, kind, getattr(self._limits, kind))
        if wait_s:
            raise TooManyRequests(retry_after_s=wait_s)


def _kind(request: Request) -> str:
    if request.method in _SAFE:
        return "reads"
    return "answers" if _ANSWER.fullmatch(request.url.path) else "writes"
