"""Which language a page speaks, its plural forms and its dates."""

from datetime import UTC, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import PoFileError
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from exam_api.adapters.clock import SystemClock
from exam_api.domain.roles import Actor, Role
from exam_api.web.container import WebSettings
from exam_api.web.i18n import (
    LANGUAGES,
    accepted_language,
    catalogue,
    known_language,
    read_catalogue,
    request_language,
)
from exam_api.web.pages.account import local_path
from exam_api.web.pages.errors import error_page
from exam_api.web.pages.rendering import home_of, navigation

CORE = SimpleNamespace(web=WebSettings(), clock=SystemClock())


def asking(*, cookie: str = "", accept: str = "", path: str = "/x", query: str = "") -> Request:
    headers = [(b"accept-language", accept.encode()), (b"cookie", cookie.encode())]
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": path,
            "query_string": query.encode(),
            "headers": [header for header in headers if header[1]],
            "server": ("localhost", 80),
            "scheme": "http",
            "app": SimpleNamespace(state=SimpleNamespace(core=CORE)),
        }
    )


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("de-DE,de;q=0.9,en;q=0.5,kk;q=0.7", "kk"),
        ("en;q=0.1, kk-KZ", "kk"),
        ("fr, de", None),
        ("kk;q=0, ru;q=0.2", "ru"),
        ("ru;q=often", None),
        ("*", None),
        ("", None),
    ],
)
def test_the_browsers_wish_is_read_by_weight(header, expected):
    assert accepted_language(header) == expected


@given(st.text())
def test_any_header_is_survived(header):
    assert accepted_language(header) in (*LANGUAGES, None)


@pytest.mark.parametrize(
    ("cookie", "accept", "own", "expected"),
    [
        ("lang=en", "ru", "kk", "en"),
        ("lang=xx", "ru", "kk", "ru"),
        ("", "ru", "kk", "ru"),
        ("", "fr", "ru", "ru"),
        ("", "", None, "kk"),
    ],
)
def test_a_choice_goes_before_the_browser_and_that_before_the_record(cookie, accept, own, expected):
    assert request_language(asking(cookie=cookie, accept=accept), own) == expected


def test_plural_forms_follow_each_language():
    russian = catalogue("ru")
    assert [russian("exam.questions", n=n) for n in (1, 3, 5, 11, 21, 25)] == [
        "1 вопрос", "3 вопроса", "5 вопросов", "11 вопросов", "21 вопрос", "25 вопросов",
    ]  # fmt: skip
    assert catalogue("kk")("exam.questions", n=25) == "25 сұрақ"
    assert catalogue("en")("exam.questions", n=1) == "1 question"


def test_an_unknown_key_shows_itself_instead_of_breaking_the_page():
    assert catalogue("en")("no.such.key") == "no.such.key"


def test_moments_are_worded_in_each_language_in_the_universitys_time():
    zone = ZoneInfo("Asia/Almaty")
    at = datetime(2026, 11, 22, 20, 5, tzinfo=UTC)
    assert catalogue("kk", zone).moment(at) == "23 қар. 2026, 01:05"
    assert catalogue("ru", zone).moment(at) == "23 нояб. 2026, 01:05"
    assert catalogue("en", zone).moment(at) == "23 Nov 2026, 01:05"
    assert catalogue("en", zone).hour(at) == "01:05"
    assert catalogue("en", ZoneInfo("Asia/Tokyo")).hour(at) == "05:05"
    with pytest.raises(ValueError, match="zone"):
        catalogue("en").moment(at)


def test_a_broken_catalogue_is_refused(tmp_path):
    broken = tmp_path / "room.po"
    broken.write_text('msgid "a"\nmsgstr "b"\nthis is no line of a catalogue\n')
    with pytest.raises(PoFileError):
        read_catalogue(tmp_path, "en")


def test_a_key_in_two_catalogues_is_refused(tmp_path):
    for name in ("console.po", "room.po"):
        (tmp_path / name).write_text('msgid "a"\nmsgstr "b"\n')
    with pytest.raises(ValueError, match=r"room\.po: a stands"):
        read_catalogue(tmp_path, "en")


@pytest.mark.parametrize("code", ["kk-KZ", "KK", " kk_KZ "])
def test_regional_codes_are_known_by_their_language(code):
    assert known_language(code) == "kk"


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/acts?x=1", "/acts?x=1"),
        ("//evil.test/", "/"),
        ("/\\evil.test", "/"),
        ("https://evil.test", "/"),
        ("", "/"),
        (None, "/"),
        ("/\t/evil.test", "/"),
        ("/\n/evil.test", "/"),
    ],
)
def test_forms_lead_on_within_this_site_only(wanted, led_to):
    assert local_path(wanted) == led_to


@pytest.mark.parametrize(
    ("roles", "home", "entries"),
    [
        ({Role.STUDENT}, "/cabinet", ["/cabinet", "/grades"]),
        ({Role.PROCTOR}, "/console", ["/console", "/schedule", "/check-lists", "/acts"]),
        ({Role.MEMBER}, "/overview", ["/overview", "/schedule", "/check-lists", "/acts"]),
        (
            {Role.ADMINISTRATOR},
            "/overview",
            [
                "/overview",
                "/schedule",
                "/check-lists",
                "/acts",
                "/people",
                "/appeals",
                "/results",
                "/statistics",
                "/mail",
                "/clients",
            ],
        ),
        ({Role.TEACHER}, "/bank", ["/bank", "/results", "/statistics"]),
        ({Role.APPEAL_COMMISSION}, "/appeals", ["/appeals"]),
        ({Role.COMMISSION}, "/check-lists", ["/check-lists", "/acts"]),
        (
            {Role.STUDENT, Role.PROCTOR},
            "/cabinet",
            ["/cabinet", "/console", "/schedule", "/check-lists", "/acts", "/grades"],
        ),
    ],
)
def test_each_role_has_its_way_home_and_its_entries(roles, home, entries):
    actor = Actor(id="1", full_name="A", language="kk", roles=frozenset(roles))
    assert home_of(actor) == home
    assert [entry.href for entry in navigation(actor, "/acts/7")] == entries
    assert [entry.href for entry in navigation(actor, "/acts/7") if entry.current] == [
        href for href in entries if href == "/acts"
    ]


@pytest.mark.parametrize(
    ("status", "code", "heading"),
    [
        (404, "not_found", "Бет табылмады"),
        (403, "forbidden", "Сізге рұқсат жоқ"),
        (500, "internal", "Біздің тарапта қате болды"),
        (503, "storage_busy", "Қызмет уақытша қолжетімсіз"),
        (507, "storage_full", "Серверде орын қалмады"),
        (418, "never_heard_of", "Әрекет орындалмады"),
    ],
)
def test_errors_have_a_page_in_the_viewers_language(status, code, heading):
    page = error_page(asking(accept="kk"), status, code)
    body = bytes(page.body).decode()
    assert page.status_code == status
    assert f"<h1>{heading}</h1>" in body
    assert code in body


def test_who_is_not_signed_in_is_led_to_the_log_in_and_back():
    page = error_page(asking(path="/review/7", query="a=b&c=d"), 401, "not_logged_in")
    assert page.status_code == 303
    assert page.headers["location"] == "/login?next=/review/7%3Fa%3Db%26c%3Dd"
