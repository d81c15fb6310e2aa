"""The command line's words: three languages, one line for what people can do something about."""

import string

import pytest

from acts.errors import SealKeyUnreadable
from capture.errors import NotAVideo
from exam_api.cli import terminal
from exam_api.cli.operations import _without_password
from exam_api.cli.terminal import Failure, known_failure, language, text, writable_folder
from exam_api.cli.texts import TEXTS
from exam_api.domain.errors import DatabaseUnreadable, StorageFull
from exam_api.domain.languages import LANGUAGES
from exam_api.domain.roles import Role


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(terminal, "_chosen", ["en"])


def placeholders(line: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(line) if name}


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_every_text_stands_in_three_languages_with_the_same_places(key):
    texts = TEXTS[key]
    assert set(texts) == set(LANGUAGES)
    assert len({frozenset(placeholders(line)) for line in texts.values()}) == 1


def test_every_role_has_a_name():
    assert {f"role.{role}" for role in Role} <= TEXTS.keys()


@pytest.mark.parametrize("error", [NotAVideo(), DatabaseUnreadable(), StorageFull()])
def test_known_errors_are_told_in_one_translated_line(error):
    told = known_failure(error)
    assert told.text == TEXTS[error.code]["en"]
    assert (told.status, "\n" in told.text) == (1, False)


def test_a_known_error_without_translation_tells_its_words_and_code():
    told = known_failure(SealKeyUnreadable("the key is not RSA"))
    assert told.text == TEXTS["seal_key_unreadable"]["en"]

    class Odd(Exception):
        code = "odd"

    assert known_failure(Odd("it is odd")).text == "it is odd (odd)"
    assert known_failure(Odd("odd")).text == "odd"


def test_a_bug_is_no_known_failure():
    assert known_failure(ZeroDivisionError()) is None


def test_a_failure_fills_its_text():
    assert known_failure(Failure("port_taken", port=8000)).text == text("port_taken", port=8000)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"LANG": "kk_KZ.UTF-8"}, "kk"),
        ({"LANG": "ru_RU.UTF-8"}, "ru"),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": "kk_KZ.UTF-8"}, "kk"),
        ({"LANG": "C"}, "en"),
        ({}, "en"),
    ],
)
def test_the_terminals_language_is_used(monkeypatch, variables, expected):
    monkeypatch.setattr(terminal, "_chosen", [])
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert language() == expected


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Failure, match="folder_not_writable"):
        writable_folder(tmp_path / "file" / "inside")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql+psycopg://u:secret@host/db", "postgresql+psycopg://u:***@host/db"),
        ("postgresql+psycopg://u@host/db", "postgresql+psycopg://u@host/db"),
        ("var", "var"),
    ],
)
def test_config_shows_no_password(address, shown):
    assert _without_password(address) == shown
