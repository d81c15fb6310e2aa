"""Detached signatures of people beside a sealed document (NCALayer): attached, checked, shown.

A signature that cannot be verified is attached all the same, with the reason: people decide what
it is worth. The file is a blob written once; a file that is no CMS is refused.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509

from acts.contracts import Language
from acts.package import PackedSignature
from acts.signatures import PersonSignature, SignatureProblem, as_der, check_signature
from exam_api.domain.errors import (
    Forbidden,
    NotFound,
    PaperMissing,
    PayloadTooLarge,
    SignaturesFull,
)
from exam_api.domain.languages import LANGUAGES
from exam_api.domain.roles import Actor
from exam_api.services.ports import Blobs, Clock
from exam_api.services.signatures_ports import (
    NewSignature,
    PaperKind,
    SignatureUnit,
    SignatureUnits,
    StoredSignature,
)
from exam_api.services.signed_papers import Paper, paper_of

FILE_LIMIT: Final = 128 * 1024  # a signature with its certificates has some 10 KB
MOST: Final = 6  # that one person attaches to a revision: nobody takes another's room

# (actor, appeal, language) -> (number, the protocol's PDF, kept from then on).
ProtocolPdf = Callable[[Actor, str, Language], Awaitable[tuple[str, bytes]]]


@dataclass(frozen=True, slots=True)
class SignatureView:
    """``problem`` is null where the signature is verified; ``issuer`` then vouches for
    ``subject``, the person who signed. ``by``: who attached it; ``revision``: of the document.
    """  # noqa: D205 - one thought

    id: str
    revision: int
    language: Language
    document_sha256: str
    sha256: str
    subject: str
    issuer: str
    verified: bool
    problem: SignatureProblem | None
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SignaturesOfPaper:
    """``revision``: the newest, which is signed now; ``may_attach``: whether the asking person may.

    ``page``: of the document.
    """

    kind: PaperKind
    id: str
    revision: int
    signatures: tuple[SignatureView, ...]
    may_attach: bool
    page: str


@dataclass(frozen=True, slots=True)
class PublicSignature:
    """What anybody may learn: nobody's name. ``issuer``: the authority; empty: not verified."""

    language: Language
    issuer: str


class Signatures:
    """``authorities``: those whose people's signatures count as verified."""

    def __init__(
        self,
        units: SignatureUnits,
        clock: Clock,
        blobs: Blobs,
        protocol: ProtocolPdf,
        authorities: Sequence[x509.Certificate] = (),
    ) -> None:
        self._units = units
        self._clock = clock
        self._blobs = blobs
        self._protocol = protocol
        self._authorities = authorities

    async def of(self, actor: Actor, kind: PaperKind, paper_id: str) -> SignaturesOfPaper:
        """For whoever may see the document: of all its revisions, oldest first. NotFound."""
        async with self._units.read() as unit:
            paper = await paper_of(unit, actor, kind, paper_id)
            found = await unit.signatures.of(kind, paper.ids)
        may_attach = paper.may_attach and bool(paper.files)
        views = tuple(map(_view, found))
        return SignaturesOfPaper(kind, paper.id, paper.revision, views, may_attach, paper.page)

    async def attach(
        self, actor: Actor, kind: PaperKind, paper_id: str, content: bytes, language: Language
    ) -> SignatureView:
        """Beside the newest revision; ``language``: whose PDF was signed, as the person says.

        ``content``: DER, base64 or PEM. Attached again, it is the same one, checked anew where it
        was not verified. NotFound, Forbidden, PaperMissing, PayloadTooLarge, SignatureUnreadable,
        SignaturesFull.
        """
        async with self._units.read() as unit:
            paper = await _to_sign(unit, actor, kind, paper_id)
        if len(content) > FILE_LIMIT:
            raise PayloadTooLarge
        der = as_der(content)
        digest = hashlib.sha256(der).hexdigest()
        async with self._units.read() as unit:
            await _known(unit, paper, digest, actor.id)
        now = self._clock.now()
        found, document = await self._checked(actor, paper, der, language, now)
        await self._blobs.put(_key(kind, paper.id, digest), der)
        async with self._units.write() as unit:
            await unit.signatures.hold(kind, paper.id)  # two who attach at once take turns
            await _to_sign(unit, actor, kind, paper_id)
            same = await _known(unit, paper, digest, actor.id)
            if same is None:
                new = NewSignature(
                    kind, paper.id, paper.revision, digest, document, found, actor.id, now
                )
                await unit.signatures.add(new)
            elif same.found.problem is not None:
                await unit.signatures.checked_again(same.id, document, found)
            kept = await _known(unit, paper, digest, actor.id)
        assert kept is not None
        return _view(kept)

    async def _checked(
        self, actor: Actor, paper: Paper, der: bytes, language: Language, at: datetime
    ) -> tuple[PersonSignature, str]:
        """(what was found, the PDF's digest)."""
        order = sorted(LANGUAGES, key=lambda one: one != language)
        pdfs = {one: await self._pdf(actor, paper, one) for one in order}
        found = await asyncio.to_thread(check_signature, der, pdfs, self._authorities, at)
        return found, hashlib.sha256(pdfs[found.language]).hexdigest()

    async def _pdf(self, actor: Actor, paper: Paper, language: Language) -> bytes:
        if paper.kind is PaperKind.PROTOCOL:  # made when it is first asked for
            return (await self._protocol(actor, paper.id, language))[1]
        return await self._blobs.get(paper.files[language])

    async def file(self, actor: Actor, kind: PaperKind, paper_id: str, signature_id: str) -> bytes:
        """DER, for whoever may see the document. NotFound."""
        async with self._units.read() as unit:
            paper = await paper_of(unit, actor, kind, paper_id)
            found = await unit.signatures.of(kind, paper.ids)
        for one in found:
            if one.id == signature_id:
                return await self._blobs.get(_key(kind, one.paper_id, one.sha256))
        raise NotFound


class ActSignatures:
    """What goes along with an act; who may have it was asked before."""

    def __init__(self, units: SignatureUnits, blobs: Blobs) -> None:
        self._units = units
        self._blobs = blobs

    async def packed(self, act_id: str) -> tuple[PackedSignature, ...]:
        """Of this very revision, for its evidence package."""
        return tuple(
            [
                PackedSignature(
                    one.found.language,
                    await self._blobs.get(_key(PaperKind.ACT, act_id, one.sha256)),
                    one.at,
                )
                for one in await self._of_revision(act_id)
            ]
        )

    async def public(self, act_id: str) -> tuple[PublicSignature, ...]:
        """Of this very revision, for the page behind its QR code."""
        return tuple(
            PublicSignature(one.found.language, "" if one.found.problem else one.found.issuer)
            for one in await self._of_revision(act_id)
        )

    async def _of_revision(self, act_id: str) -> Sequence[StoredSignature]:
        async with self._units.read() as unit:
            return await unit.signatures.of(PaperKind.ACT, [act_id])


async def _to_sign(unit: SignatureUnit, actor: Actor, kind: PaperKind, paper_id: str) -> Paper:
    """For whom it is one to sign. NotFound, Forbidden, PaperMissing."""
    paper = await paper_of(unit, actor, kind, paper_id)
    if not paper.may_attach:
        raise Forbidden
    if not paper.files:
        raise PaperMissing
    return paper


async def _known(unit: SignatureUnit, paper: Paper, digest: str, by: str) -> StoredSignature | None:
    """The same file beside the same revision. SignaturesFull where ``by`` may attach no more."""
    found = await unit.signatures.of(paper.kind, [paper.id])
    known = [one for one in found if one.revision == paper.revision]
    for one in known:
        if one.sha256 == digest:
            return one
    if sum(one.by == by for one in known) >= MOST:
        raise SignaturesFull
    return None


def _key(kind: PaperKind, paper_id: str, digest: str) -> str:
    return f"{kind}/{paper_id}/signatures/{digest}.p7s"


def _view(one: StoredSignature) -> SignatureView:
    return SignatureView(
        id=one.id,
        revision=one.revision,
        language=one.found.language,
        document_sha256=one.document_sha256,
        sha256=one.sha256,
        subject=one.found.subject,
        issuer=one.found.issuer,
        verified=one.found.problem is None,
        problem=one.found.problem,
        by=one.by_name,
        at=one.at,
    )
