"""What the pages put in order and in words for people."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from exam_api.domain.admission import Admission
from exam_api.domain.policy import ExamPolicy
from exam_api.domain.roles import Actor, Role
from exam_api.domain.sitting import Exam, Sitting
from exam_api.domain.states import SittingState
from exam_api.services.ports import ExamWithSitting
from exam_api.services.sitting_views import exam_card
from exam_api.services.views import ExamCard
from exam_api.web.pages.browsers import browser_words
from exam_api.web.pages.rendering import navigation
from exam_api.web.pages.student import in_turn

NOW = datetime(2027, 1, 15, 9, tzinfo=UTC)
TITLE = {"kk": "Тарих", "ru": "История", "en": "History"}
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) "
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko) "
MACINTOSH = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
CHROME = "Chrome/131.0.0.0 Safari/537.36"


def card(exam_id: str, hours: int, state: SittingState | None = None) -> ExamCard:
    """Of an exam that opens ``hours`` from now and stays open for four."""
    opens_at = NOW + timedelta(hours=hours)
    exam = Exam(exam_id, "d", "HIST", TITLE, opens_at, opens_at + timedelta(hours=4), ExamPolicy())
    own = None
    if state is not None:
        own = Sitting(
            id=exam_id,
            exam_id=exam_id,
            student_id="s",
            proctor_id=None,
            state=state,
            created_at=NOW,
        )
    return exam_card(ExamWithSitting(exam, own), NOW)


def test_the_cabinet_begins_with_what_is_open_now_and_ends_with_what_is_over():
    cards = [
        card("next week", 168),
        card("done today", -2, SittingState.SUBMITTED),
        card("tomorrow", 24),
        card("open", -1),
        card("last month", -700, SittingState.SUBMITTED),
        card("yesterday", -24),
    ]
    assert [one.exam.id for one in in_turn(cards)] == [
        "open",
        "tomorrow",
        "next week",
        "done today",
        "yesterday",
        "last month",
    ]


@pytest.mark.parametrize("admission", Admission)
def test_a_card_says_whether_its_student_is_admitted(admission):
    exam = Exam("e", "d", "HIST", TITLE, NOW, NOW + timedelta(hours=1), ExamPolicy())
    found = ExamWithSitting(replace(exam, admission=admission), None)
    assert exam_card(found, NOW).admission is admission


@pytest.mark.parametrize(
    ("path", "entry"),
    [
        ("/people", "/people"),
        ("/structure/department/1", "/people"),
        ("/audit", "/people"),
        ("/auditorium", None),
    ],
)
def test_pages_without_an_entry_of_their_own_light_up_the_one_they_stand_under(path, entry):
    actor = Actor("a", "Әкімші", "kk", frozenset({Role.ADMINISTRATOR}))
    assert [one.href for one in navigation(actor, path) if one.current] == (
        [entry] if entry else []
    )


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (WINDOWS + WEBKIT + CHROME, "Chrome, Windows"),
        (WINDOWS + WEBKIT + CHROME + " Edg/131.0.0.0", "Edge, Windows"),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
            "Firefox, Linux",
        ),
        (IPHONE + "(KHTML, like Gecko) CriOS/131.0 Mobile/15E148 Safari/604.1", "Chrome, iOS"),
        (
            MACINTOSH + "(KHTML, like Gecko) Version/18.1 Safari/605.1.15",
            "Safari, macOS",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) "
            + WEBKIT
            + "Chrome/131.0.0.0 Mobile Safari/537.36",
            "Chrome, Android",
        ),
        (WINDOWS + WEBKIT + CHROME + " OPR/116.0.0.0", (WINDOWS + WEBKIT + CHROME)[:59] + "…"),
        (
            "Mozilla/5.0 (X11; CrOS x86_64) " + CHROME,
            "Mozilla/5.0 (X11; CrOS x86_64) " + CHROME[:28] + "…",
        ),
        ("python-httpx/0.28", "python-httpx/0.28"),
        ("", ""),
    ],
)
def test_a_browser_is_named_only_where_its_string_is_plain(agent, words):
    assert browser_words(agent) == words
