"""What a polling room is told from memory: never older than the newest change."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from exam_api.services.recent_sittings import RecentSittings, SeenSitting

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
TRUST = timedelta(seconds=10)


@dataclass
class View:
    server_now: datetime
    exam: SimpleNamespace
    deadline_at: datetime | None
    answered: int = 0


def seen(ref: str = "s", **turns: datetime) -> SeenSitting:
    exam = SimpleNamespace(
        opens_at=turns.get("opens_at", NOW - timedelta(hours=1)),
        closes_at=turns.get("closes_at", NOW + timedelta(hours=1)),
    )
    view = View(NOW, exam, turns.get("deadline_at"))
    return SeenSitting(SimpleNamespace(id=ref), view)  # type: ignore[arg-type]


@pytest.fixture
def recent() -> RecentSittings:
    known = RecentSittings(TRUST)
    known.put(seen(), changes=known.changes("s"))
    return known


def test_it_is_told_again_for_a_while_only(recent: RecentSittings) -> None:
    assert recent.get("s", NOW + TRUST - timedelta(microseconds=1)) is not None
    assert recent.get("s", NOW + TRUST) is None
    assert recent.get("s", NOW - timedelta(seconds=1)) is None  # a clock that went back
    assert recent.get("other", NOW) is None


def test_a_change_is_seen_at_once(recent: RecentSittings) -> None:
    recent.drop(["s"])
    assert recent.get("s", NOW) is None


def test_an_answer_changes_only_how_many_there_are(recent: RecentSittings) -> None:
    before = recent.changes("s")
    recent.answered({"s": 3, "never shown": 1})
    recent.put(seen(), changes=before)  # read before the answer came
    found = recent.get("s", NOW)
    assert found is not None
    assert found.view.answered == 3


def test_what_was_read_before_a_change_does_not_come_back(recent: RecentSittings) -> None:
    before = recent.changes("s")
    recent.drop(["s"])
    recent.put(seen(), changes=before)
    assert recent.get("s", NOW) is None
    recent.put(seen(), changes=recent.changes("s"))
    assert recent.get("s", NOW) is not None


@pytest.mark.parametrize("turn", ["opens_at", "closes_at", "deadline_at"])
def test_it_is_not_told_over_a_moment_that_changes_it(turn: str) -> None:
    recent = RecentSittings(TRUST)
    recent.put(seen("s", **{turn: NOW + timedelta(seconds=5)}), changes=0)
    assert recent.get("s", NOW + timedelta(seconds=4)) is not None
    assert recent.get("s", NOW + timedelta(seconds=5)) is None


def test_only_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exam_api.services.recent_sittings._MOST", 2)
    recent = RecentSittings(TRUST)
    for ref in "abc":
        recent.put(seen(ref), changes=0)
    assert [recent.get(ref, NOW) is not None for ref in "abc"] == [False, True, True]
