"""Loaded tests: a teacher loads one, the testing centre checks it and tells of errors (S-6)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from exam_api.domain.bank_tests import (
    NAME_LIMIT,
    SHARES_LIMIT,
    ControlType,
    LoadedTest,
    Share,
    TestProblem,
    TestState,
    problems_of_test,
)
from exam_api.domain.errors import Conflict, InvalidRequest
from exam_api.domain.ids import new_id
from exam_api.domain.languages import LANGUAGES, Language
from exam_api.domain.notices import NewNotice, NoticeKind
from exam_api.domain.roles import Actor
from exam_api.services.bank_items import REMARK_LIMIT, with_right
from exam_api.services.bank_ports import BankDiscipline, BankRight, BankUnit, BankUnits
from exam_api.services.ports import Clock

CODE_LIMIT: Final = 40
MOST_QUESTIONS: Final = 200


class TestChecked(Conflict):
    """Somebody has accepted or returned it meanwhile."""

    __test__ = False
    code = "test_checked_already"


@dataclass(frozen=True, slots=True)
class NewTest:
    """What the teacher declares when loading (S-6)."""

    discipline_code: str
    name: str
    control: ControlType
    languages: tuple[Language, ...]
    questions: int
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class CheckedTest:
    """``found``: what the machine sees wrong; a person of the testing centre decides."""

    test: LoadedTest
    discipline: BankDiscipline
    found: tuple[TestProblem, ...]


class TestDesk:
    __test__ = False  # no test of pytest's

    def __init__(self, units: BankUnits, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    async def of(self, actor: Actor, discipline_id: str) -> Sequence[CheckedTest]:
        async with self._units.read() as unit:
            discipline = await unit.items.discipline(actor, discipline_id)
            tests = await unit.tests.of(discipline_id)
            return [await _checked(unit, test, discipline) for test in tests]

    async def waiting(self, actor: Actor) -> Sequence[CheckedTest]:
        """What the testing centre has to check, oldest first."""
        async with self._units.read() as unit:
            mine = {one.id: one for one in await unit.items.disciplines(actor)}
            return [
                await _checked(unit, test, mine[test.discipline_id])
                for test in await unit.tests.waiting()
                if test.discipline_id in mine and BankRight.CHECK in mine[test.discipline_id].rights
            ]

    async def load(self, actor: Actor, discipline_id: str, new: NewTest) -> str:
        """S-4: by a teacher who was named. InvalidRequest, Forbidden."""
        _require_sensible(new)
        async with self._units.write() as unit:
            await with_right(unit, actor, discipline_id, BankRight.LOAD)
            await _require_known_topics(unit, discipline_id, new.shares)
            test = LoadedTest(
                new_id(),
                discipline_id,
                new.discipline_code.strip(),
                new.name.strip(),
                new.control,
                new.languages,
                new.questions,
                new.shares,
                TestState.LOADED,
                actor.id,
                self._clock.now(),
            )
            await unit.tests.save(test)
        return test.id

    async def decide(self, actor: Actor, test_id: str, *, accept: bool, remark: str) -> LoadedTest:
        """S-6: accepted, or returned with the error, of which the teacher is notified."""
        remark = remark.strip()
        if len(remark) > REMARK_LIMIT or "\0" in remark or not (accept or remark):
            raise InvalidRequest("say what is wrong with the test")
        async with self._units.write() as unit:
            test = await unit.tests.get(test_id)
            discipline = await with_right(unit, actor, test.discipline_id, BankRight.CHECK)
            if test.state is not TestState.LOADED:
                raise TestChecked
            if accept and (await _checked(unit, test, discipline)).found:
                raise InvalidRequest("a test with errors is returned, not accepted")
            decided = replace(
                test,
                state=TestState.ACCEPTED if accept else TestState.RETURNED,
                remark=remark,
                checked_by=actor.id,
                checked_at=self._clock.now(),
            )
            await unit.tests.save(decided)
            if not accept:
                await unit.notices.add(_returned(decided), people=[decided.loaded_by])
        return decided


def _returned(test: LoadedTest) -> NewNotice:
    """S-6, row 4: to the teacher who loaded it."""
    return NewNotice(
        NoticeKind.TEST_RETURNED,
        f"{NoticeKind.TEST_RETURNED}:{test.id}",
        f"/bank/{test.discipline_id}#tests",
        facts={"test": test.name, "remark": test.remark},
    )


async def _checked(unit: BankUnit, test: LoadedTest, discipline: BankDiscipline) -> CheckedTest:
    bank = await unit.tests.drawable(test.discipline_id, test.languages)
    asked = discipline.next_exam.questions if discipline.next_exam else None
    return CheckedTest(test, discipline, problems_of_test(test, discipline.code, bank, asked))


async def _require_known_topics(
    unit: BankUnit, discipline_id: str, shares: Collection[Share]
) -> None:
    known = await unit.items.topics(discipline_id)
    if not {share.topic_id for share in shares} <= {None, *known}:
        raise InvalidRequest("a share names a topic of another discipline")


def _require_sensible(new: NewTest) -> None:
    too_long = len(new.name) > NAME_LIMIT or len(new.discipline_code) > CODE_LIMIT
    if too_long or "\0" in new.name + new.discipline_code:
        raise InvalidRequest(f"a name has at most {NAME_LIMIT} characters, a code {CODE_LIMIT}")
    if not 0 < len(new.shares) <= SHARES_LIMIT or any(share.count < 1 for share in new.shares):
        raise InvalidRequest("a test has shares of one question or more")
    if not 0 < new.questions <= MOST_QUESTIONS or not set(new.languages) <= set(LANGUAGES):
        raise InvalidRequest(f"a test has 1 to {MOST_QUESTIONS} questions")
    if sum(share.count for share in new.shares) > MOST_QUESTIONS:
        raise InvalidRequest(f"shares add up to at most {MOST_QUESTIONS} questions")
