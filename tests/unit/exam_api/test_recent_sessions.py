"""A session's reading is relied on for a moment, and never past its revocation here."""

from datetime import UTC, datetime, timedelta

import pytest

from exam_api.domain.roles import Actor, Role
from exam_api.services.ports import LogInRecord
from exam_api.services.recent_sessions import RecentSessions

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
TRUST = timedelta(seconds=10)


def record(user_id: str = "one") -> LogInRecord:
    actor = Actor(user_id, "", "kk", frozenset({Role.STUDENT}))
    return LogInRecord(actor, disabled=False, last_seen_at=NOW, expires_at=NOW, revoked_at=None)


@pytest.fixture
def recent() -> RecentSessions:
    return RecentSessions(TRUST)


@pytest.mark.parametrize(("seconds", "known"), [(0, True), (9.9, True), (10, False), (-1, False)])
def test_a_reading_is_relied_on_for_its_time(
    recent: RecentSessions, seconds: float, known: bool
) -> None:
    recent.put("a", record(), NOW, changes=recent.changes)
    assert (recent.get("a", NOW + timedelta(seconds=seconds)) is not None) is known


def test_what_is_revoked_here_is_gone_at_once(recent: RecentSessions) -> None:
    for key, person in (("a", "one"), ("b", "one"), ("c", "two"), ("d", "two")):
        recent.put(key, record(person), NOW, changes=recent.changes)
    recent.forget_person("one")
    recent.forget("d")
    assert [key for key in "abcd" if recent.get(key, NOW)] == ["c"]


def test_a_reading_that_a_revocation_overtook_is_not_kept(recent: RecentSessions) -> None:
    before = recent.changes
    recent.forget("a")
    recent.put("a", record(), NOW, changes=before)
    assert recent.get("a", NOW) is None
