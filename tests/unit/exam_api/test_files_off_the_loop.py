"""Files that people bring are read in threads: a big workbook must not halt running exams."""

import threading
from collections.abc import Callable

import pytest

from exam_api.domain.act_course import ActPolicy
from exam_api.domain.roles import Actor, Role
from exam_api.domain.sheets import Sheet, SheetUnreadable
from exam_api.services.admitting import Admitting, Statement
from exam_api.services.check_lists import CheckListDesk
from exam_api.services.people_import import PeopleImport


async def test_no_file_is_read_in_the_event_loop() -> None:
    planner = Actor("1", "", "kk", frozenset({Role.ADMINISTRATOR}))
    readers: list[threading.Thread] = []

    def read(_content: bytes, _known: Callable[[str], bool]) -> Sheet:
        readers.append(threading.current_thread())
        raise SheetUnreadable("sheet_malformed")

    people = PeopleImport(None, None, None, read, {})
    admitting = Admitting(None, None, read)
    lists = CheckListDesk(None, None, None, read, ActPolicy())
    for reading in (
        people.preview(planner, b""),
        people.apply(planner, b""),
        admitting.preview(planner, "exam", Statement("x", b"")),
        admitting.take(planner, "exam", Statement("x", b"")),
        lists.compare(planner, "list", b""),
        lists.take(planner, "list", b"", ""),
    ):
        with pytest.raises(SheetUnreadable):
            await reading
    assert len(readers) == 6
    assert threading.main_thread() not in readers
