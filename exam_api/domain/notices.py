"""Notices: what the procedures want people to be told of (row 9, S-5…S-9), as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class NoticeKind(StrEnum):
    """Stored codes; each has its ``notice.title.…`` and ``notice.text.…`` in the catalogues."""

    LATE = "late"
    ABSENT = "absent"
    OVERRAN = "overran"
    NO_STATEMENT = "no_statement"
    BREACH = "breach"
    ACT = "act"
    ACT_UNMADE = "act_unmade"  # it could not be made, tried again and again
    ACT_FORWARDED = "act_forwarded"  # S-18
    ACT_DELIVERED = "act_delivered"  # S-19
    ACT_STEP = "act_step"
    ACT_OUTGROWN = "act_outgrown"  # a flag that came late was confirmed while it is on its way
    FLAGS_LATE = "flags_late"  # after the check list was handed in, or the act forwarded
    APPROVAL_DUE = "approval_due"
    HANDED_OVER = "handed_over"
    APPEAL = "appeal"
    CHECK_LIST_SENT = "check_list_sent"  # S-16
    CHECK_LIST_RECALLED = "check_list_recalled"
    CHECK_LIST_HANDED_IN = "check_list_handed_in"  # S-17
    CHECK_LIST_TAKEN_BACK = "check_list_taken_back"
    CHECK_LIST_GIVEN_BACK = "check_list_given_back"
    CHECK_LIST_FORWARDED = "check_list_forwarded"  # S-18
    CHECK_LIST_RETRIEVED = "check_list_retrieved"
    CHECK_LIST_TAKEN_OVER = "check_list_taken_over"
    BANK_DUE = "bank_due"  # S-4, row 2: naming, approval or loading before an exam
    TEST_RETURNED = "test_returned"  # S-6: the testing centre found an error


@dataclass(frozen=True, slots=True)
class NoticeFile:
    """What a notice's mails carry: ``key`` of a blob that never changes."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class NewNotice:
    """``once_key`` is what it is about: the same is never told twice.

    ``link``: a path of this site, to the proof. ``facts``: what its text names beside exam and
    student (placeholders of the catalogue; no more personal data than the readers need).
    """

    kind: NoticeKind
    once_key: str
    link: str
    exam_id: str | None = None
    student_id: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    file: NoticeFile | None = None
