"""Error codes are what clients and translations rely on."""

import inspect

import pytest

from exam_api.domain import errors
from exam_api.domain.errors import ExamError

KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, ExamError) and kind is not ExamError
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_error_is_one_for_people(kind: type[ExamError]) -> None:
    error = kind()
    assert error.code == str(error)
    assert error.code == error.code.lower().replace("-", "_")
    assert 400 <= error.status < 600
    assert error.status != 500, "500 is for what nobody foresaw"


def test_each_code_belongs_to_one_error() -> None:
    codes = [kind.code for kind in KINDS]
    assert len(set(codes)) == len(codes)


def test_waiting_may_help_where_it_says_so() -> None:
    assert {kind.code for kind in KINDS if kind.retryable} == {
        "too_many_attempts",
        "too_many_requests",
        "request_in_progress",
        "recording_not_live",
        "track_not_live",
        "piece_offset",
        "act_unsettled",
        "awaiting_admission",
        "sitting_paused",
        "sitting_not_over",
        "export_not_ready",
        "exam_not_open",
        "storage_busy",
        "storage_full",
    }
