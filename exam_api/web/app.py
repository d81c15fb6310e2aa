"""The web application, put together from a container of services."""

from asyncio import CancelledError, create_task
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware

from exam_api.services.exam_clock import run_ticker
from exam_api.web.api import (
    act_course,
    admission,
    appeals,
    bank,
    erasures,
    identity,
    live_views,
    notices,
    operations,
    people,
    periods,
    pictures,
    proctor_actions,
    question_appeals,
    results,
    room_actions,
    schedule,
    second_reviews,
    session,
    signatures,
    sittings,
    statistics,
    testing,
)
from exam_api.web.container import Core
from exam_api.web.errors import ErrorPage, Respond, install_errors, responder
from exam_api.web.guards import BodyLimit, SameOrigin, SecurityHeaders, TokenCors
from exam_api.web.idempotency import IdempotentCalls
from exam_api.web.observe import Observe
from exam_api.web.openapi import install_openapi
from exam_api.web.rates import LimitRates

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(
    core: Core,
    *,
    routers: Sequence[APIRouter] = (),
    install_pages: Callable[[FastAPI], None] | None = None,
    error_page: ErrorPage | None = None,
    lifespan: Lifespan | None = None,
) -> FastAPI:
    """``lifespan`` runs inside the core's own: the exam clock ticks while it is open."""
    respond = responder(error_page)
    app = FastAPI(
        title="Baqylau",
        version="1",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
        lifespan=_lifespan(core, lifespan),
        middleware=_middleware(core, respond),
    )
    app.state.core = core
    install_errors(app, respond)
    own = (
        act_course,
        signatures,
        second_reviews,
        appeals,
        operations,
        notices,
        session,
        sittings,
        testing,
        pictures,
        identity,
        room_actions,
        question_appeals,
        proctor_actions,
        results,
        statistics,
        live_views,
        bank,
        schedule,
        periods,
        admission,
        people,
        erasures,
    )
    for router in (*(module.router for module in own), *routers):
        app.include_router(router)
    if install_pages is not None:
        install_pages(app)
    install_openapi(app)
    return app


def _middleware(core: Core, respond: Respond) -> list[Middleware]:
    """Outermost first."""
    return [
        Middleware(SecurityHeaders, https=core.web.https),
        Middleware(Observe, registry=core.metrics, respond=respond),
        Middleware(TokenCors, origins=core.web.token_origins),
        Middleware(SameOrigin, respond=respond),
        Middleware(LimitRates, limits=core.web.rates, respond=respond),
        Middleware(BodyLimit, max_bytes=core.web.max_body_bytes, respond=respond),
        Middleware(IdempotentCalls, idempotency=core.idempotency, respond=respond),
    ]


def _lifespan(core: Core, inner: Lifespan | None) -> Lifespan:
    @asynccontextmanager
    async def run(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(core.database.aclose)
            await stack.enter_async_context(_ticking(core))
            if inner is not None:
                await stack.enter_async_context(inner(app))
            yield

    return run


@asynccontextmanager
async def _ticking(core: Core) -> AsyncIterator[None]:
    ticker = create_task(run_ticker(core.exam_clock, core.web.tick_s), name="exam clock")
    try:
        yield
    finally:
        ticker.cancel()
        with suppress(CancelledError):
            await ticker
