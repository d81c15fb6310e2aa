"""What the signatures of people beside sealed documents read and write."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from acts.signatures import PersonSignature
from exam_api.domain.roles import Actor
from exam_api.services.appeals_ports import Appeals
from exam_api.services.check_lists_ports import CheckLists


class PaperKind(StrEnum):
    """Stored codes, and where the document's pages are. Acts: forms 1, 2 and 3."""

    ACT = "acts"
    CHECK_LIST = "check-lists"  # form 4
    PROTOCOL = "appeals"


@dataclass(frozen=True, slots=True)
class StoredSignature:
    """``paper_id`` and ``revision``: of the document whose PDF was signed; digests: SHA-256, hex.

    ``by`` attached it.
    """

    id: str
    paper_id: str
    revision: int
    sha256: str
    document_sha256: str
    found: PersonSignature
    by: str
    by_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NewSignature:
    kind: PaperKind
    paper_id: str
    revision: int
    sha256: str
    document_sha256: str
    found: PersonSignature
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ActPaper:
    """The newest complete revision; ``revisions``: the ids of all. ``files``: blobs by language.

    ``about_id``: of form 2, the act that was not signed.
    """

    id: str
    form: int
    revision: int
    revisions: tuple[str, ...]
    files: Mapping[str, str]
    about_id: str | None


class SignatureRows(Protocol):
    async def act(self, act_id: str, actor: Actor) -> ActPaper:
        """By the id of any of its revisions. NotFound."""
        ...

    async def hold(self, kind: PaperKind, paper_id: str) -> None:
        """Against other writers, till the unit ends."""
        ...

    async def of(self, kind: PaperKind, paper_ids: Collection[str]) -> Sequence[StoredSignature]:
        """Oldest first."""
        ...

    async def add(self, new: NewSignature) -> None: ...
    async def checked_again(
        self, signature_id: str, document_sha256: str, found: PersonSignature
    ) -> None: ...


class SignatureUnit(Protocol):
    @property
    def signatures(self) -> SignatureRows: ...
    @property
    def check_lists(self) -> CheckLists: ...
    @property
    def appeals(self) -> Appeals: ...


class SignatureUnits(Protocol):
    def read(self) -> AbstractAsyncContextManager[SignatureUnit]: ...
    def write(self) -> AbstractAsyncContextManager[SignatureUnit]: ...
