"""What the test bank needs from storage. Every query asks for the actor."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from exam_api.domain.bank_tests import LoadedTest, Step
from exam_api.domain.conflicts import ConflictKind
from exam_api.domain.item_rules import ItemContent
from exam_api.domain.items import ItemKind, ItemState
from exam_api.domain.languages import Texts
from exam_api.domain.roles import Actor
from exam_api.services.audit import Audit
from exam_api.services.interchange import Refusal
from exam_api.services.paging import PageAsk
from exam_api.services.ports import Draws, Unit


class BankRight(StrEnum):
    """What a person may do in the bank of one discipline."""

    LOAD = "load"  # a teacher whom the department named (row 2)
    APPROVE = "approve"  # the head of the department (S-4)
    CHECK = "check"  # the testing centre: tests, never the items themselves (S-6, T-6.4)


@dataclass(frozen=True, slots=True)
class NextExam:
    opens_at: datetime
    questions: int


@dataclass(frozen=True, slots=True)
class BankDiscipline:
    """``items``: how many of each state.

    ``done``, ``lacks``: when each step to the next exam was done, and what it would not find.
    """

    id: str
    code: str
    title: Texts
    department: Texts | None
    rights: frozenset[BankRight]
    items: Mapping[ItemState, int]
    next_exam: NextExam | None
    done: Mapping[Step, datetime | None]
    lacks: tuple[ConflictKind, ...]


@dataclass(frozen=True, slots=True)
class StoredItem:
    """One version, with the names of who wrote it and who decided on it."""

    id: str
    discipline_id: str
    lineage_id: str
    version: int
    state: ItemState
    content: ItemContent
    author: str | None
    changed_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    remark: str

    @property
    def revision(self) -> str:
        """Another after each change of the content."""
        at = self.changed_at.isoformat() if self.changed_at else ""
        return f"{self.version} {at}"


@dataclass(frozen=True, slots=True)
class ItemFilter:
    state: ItemState | None = None
    kind: ItemKind | None = None
    topic_id: str | None = None
    difficulty: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Loader:
    teacher_id: str
    full_name: str
    given_at: datetime | None


class ItemBank(Protocol):
    async def disciplines(self, actor: Actor) -> Sequence[BankDiscipline]: ...
    async def discipline(self, actor: Actor, discipline_id: str) -> BankDiscipline:
        """NotFound where the actor has no right in its bank."""
        ...

    async def items(
        self, discipline_id: str, wanted: ItemFilter, ask: PageAsk
    ) -> Sequence[StoredItem]:
        """Newest first, up to one more than asked."""
        ...

    async def item(self, item_id: str) -> StoredItem:
        """NotFound."""
        ...

    async def lock_items(self, discipline_id: str, ids: Collection[str]) -> Sequence[StoredItem]:
        """Those of the discipline, held; fewer where some are not there."""
        ...

    async def versions(self, lineage_id: str) -> Sequence[StoredItem]:
        """Newest first."""
        ...

    async def topics(self, discipline_id: str) -> Mapping[str, str]:
        """Id → name, by name."""
        ...

    async def add(self, items: Sequence[StoredItem], author_id: str) -> None:
        """Topics that are new are made. Conflict where somebody made the same version."""
        ...

    async def change(self, item: StoredItem, author_id: str) -> None:
        """The content of a version that nobody has approved."""
        ...

    async def set_state(
        self, ids: Collection[str], state: ItemState, by: str, at: datetime, remark: str
    ) -> None: ...
    async def remove(self, ids: Collection[str]) -> None:
        """Drafts only: the caller has seen their states under the lock."""
        ...

    async def loaders(self, discipline_id: str) -> Sequence[Loader]:
        """The department's teachers; ``given_at`` is None for those without the right."""
        ...

    async def give_right(
        self, discipline_id: str, teacher_id: str, by: str, at: datetime
    ) -> None: ...
    async def take_right(self, discipline_id: str, teacher_id: str) -> None: ...


class LoadedTests(Draws, Protocol):
    async def of(self, discipline_id: str) -> Sequence[LoadedTest]:
        """Newest first."""
        ...

    async def get(self, test_id: str) -> LoadedTest:
        """Held against other writers. NotFound."""
        ...

    async def waiting(self) -> Sequence[LoadedTest]:
        """Those that the testing centre has not checked yet, oldest first."""
        ...

    async def save(self, test: LoadedTest) -> None: ...


@dataclass(frozen=True, slots=True)
class ImportedItem:
    place: str
    content: ItemContent
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemImport:
    """A file that was read and waits for a person's word. With ``refused`` it is never taken."""

    id: str
    discipline_id: str
    by_user: str
    at: datetime
    file_name: str
    items: tuple[ImportedItem, ...]
    refused: tuple[Refusal, ...]


class Imports(Protocol):
    async def add(self, found: ItemImport) -> None: ...

    async def get(self, import_id: str, user_id: str) -> ItemImport:
        """Held; only by who read it. NotFound."""
        ...

    async def remove(self, import_id: str) -> None: ...
    async def older(self, before: datetime, limit: int) -> Sequence[ItemImport]:
        """Those that were read earlier and were never taken, oldest first."""
        ...

    async def pictures_named(self, names: Collection[str]) -> Collection[str]:
        """Which of them an item of the bank, in any version, or a file that waits still shows."""
        ...


class BankUnit(Unit, Protocol):
    @property
    def items(self) -> ItemBank: ...
    @property
    def imports(self) -> Imports: ...
    @property
    def audit(self) -> Audit: ...
    @property
    def tests(self) -> LoadedTests: ...


class BankUnits(Protocol):
    def read(self) -> AbstractAsyncContextManager[BankUnit]: ...
    def write(self) -> AbstractAsyncContextManager[BankUnit]: ...
