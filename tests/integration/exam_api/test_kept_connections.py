"""A connection stays open over the pause between two answers: none is lost to its closing."""

import asyncio
from pathlib import Path

import httpx
import pytest

from exam_api.cli.server import listen, serving
from exam_api.settings import Settings
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

PAUSE_S = 6.0  # an HTTP server of this kind hangs up after five where nobody says otherwise


async def test_the_next_answer_finds_its_connection_open(tmp_path: Path) -> None:
    listener = listen("127.0.0.1", 0)
    host, port = listener.getsockname()
    used: list[str] = []

    async def trace(name: str, _info: object) -> None:
        if name == "connection.connect_tcp.complete":
            used.append(name)

    async with (
        serving(Settings(data_dir=tmp_path / "data"), listener),
        httpx.AsyncClient(
            base_url=f"http://{host}:{port}",
            limits=httpx.Limits(keepalive_expiry=60),
            timeout=PATIENCE_S,
        ) as client,
    ):
        for pause in (PAUSE_S, 0.0):
            answer = await client.get("/healthz", extensions={"trace": trace})
            assert answer.status_code == 200
            await asyncio.sleep(pause)
    assert len(used) == 1
