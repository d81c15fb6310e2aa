"""The proctor of a replay decides on what lasted, and on nothing else."""

import json

import httpx
import pytest

from exam_api.cli.replay_people import Proctor


@pytest.mark.parametrize(
    ("severities", "decided", "act"),
    [
        (["alert", "sign", "notice", "technical"], ["f0", "f2", "f3"], "a1"),
        (["sign"], None, None),
        ([], None, None),
    ],
)
async def test_first_signs_are_left_alone(severities, decided, act) -> None:
    asked: list[list[str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            flags = [{"id": f"f{n}", "severity": one} for n, one in enumerate(severities)]
            return httpx.Response(200, json={"flags": flags})
        asked.append(json.loads(request.content)["flag_ids"])
        return httpx.Response(200, json={"acts": [{"id": "a1"}]})

    transport = httpx.MockTransport(answer)
    async with httpx.AsyncClient(transport=transport, base_url="http://exam.test") as http:
        assert await Proctor(http).confirm_all("s1") == act
    assert asked == ([] if decided is None else [decided])
