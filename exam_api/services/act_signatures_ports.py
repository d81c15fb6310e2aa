"""What the signatures of people beside an act read and write."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from acts.signatures import PersonSignature
from exam_api.services.act_course_ports import ActCourses


@dataclass(frozen=True, slots=True)
class StoredSignature:
    """``act_id`` and ``revision``: of the act whose PDF was signed; digests: SHA-256, hex.

    ``by`` attached it.
    """

    id: str
    act_id: str
    revision: int
    sha256: str
    document_sha256: str
    found: PersonSignature
    by: str
    by_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NewSignature:
    act_id: str
    sha256: str
    document_sha256: str
    found: PersonSignature
    by: str
    at: datetime


class ActSignatureRows(Protocol):
    async def of_act(self, act_id: str) -> Sequence[StoredSignature]:
        """Of all its revisions, oldest first."""
        ...

    async def add(self, new: NewSignature) -> None: ...
    async def checked_again(
        self, signature_id: str, document_sha256: str, found: PersonSignature
    ) -> None: ...


class ActSignatureUnit(Protocol):
    @property
    def act_course(self) -> ActCourses: ...
    @property
    def act_signatures(self) -> ActSignatureRows: ...


class ActSignatureUnits(Protocol):
    def read(self) -> AbstractAsyncContextManager[ActSignatureUnit]: ...
    def write(self) -> AbstractAsyncContextManager[ActSignatureUnit]: ...
