"""Detached signatures of the people of an act (NCALayer): attached, checked, shown, handed out.

A signature that cannot be verified is attached all the same, with the reason: people decide what
it is worth. The file is a blob written once; a file that is no CMS is refused.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from cryptography import x509

from acts.contracts import Language
from acts.signatures import PersonSignature, SignatureProblem, as_der, check_signature
from exam_api.domain.errors import Forbidden, NotFound, PayloadTooLarge, SignaturesFull
from exam_api.domain.languages import LANGUAGES
from exam_api.domain.roles import Actor, Role
from exam_api.services.act_course_ports import CourseAct
from exam_api.services.act_signatures_ports import (
    ActSignatureUnit,
    ActSignatureUnits,
    NewSignature,
    StoredSignature,
)
from exam_api.services.ports import Blobs, Clock

FILE_LIMIT: Final = 128 * 1024  # a signature with its certificates has some 10 KB
MOST: Final = 6  # that one person attaches to a revision: nobody takes another's room
# Who has a part in an act: its student, who drew it up, checked it, delivers it, decides on it.
SIGNERS: Final = frozenset(
    {
        Role.STUDENT,
        Role.PROCTOR,
        Role.TESTING_CENTRE,
        Role.MEMBER,
        Role.DEAN_OFFICE,
        Role.COMMISSION,
    }
)


@dataclass(frozen=True, slots=True)
class SignatureView:
    """``problem`` is null where the signature is verified; ``issuer`` then vouches for
    ``subject``, the person who signed. ``by``: who attached it; ``revision``: of the act.
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
class SignaturesOfAct:
    """``may_attach``: whether the asking person may."""

    signatures: tuple[SignatureView, ...]
    may_attach: bool


class ActSignatures:
    """``authorities``: those whose people's signatures count as verified."""

    def __init__(
        self,
        units: ActSignatureUnits,
        clock: Clock,
        blobs: Blobs,
        authorities: Sequence[x509.Certificate] = (),
    ) -> None:
        self._units = units
        self._clock = clock
        self._blobs = blobs
        self._authorities = authorities

    async def of_act(self, actor: Actor, act_id: str) -> SignaturesOfAct:
        """For whoever may see the act: of all its revisions, oldest first. NotFound."""
        async with self._units.read() as unit:
            act = await unit.act_course.get(act_id, actor)
            found = await unit.act_signatures.of_act(act.id)
            return SignaturesOfAct(tuple(map(_view, found)), await _is_signer(unit, actor, act.id))

    async def attach(
        self, actor: Actor, act_id: str, content: bytes, language: Language
    ) -> SignatureView:
        """Beside the act's newest revision; ``language``: whose PDF was signed, as the person says.

        ``content``: DER, base64 or PEM. Attached again, it is the same one, checked anew where it
        was not verified. NotFound, Forbidden, PayloadTooLarge, SignatureUnreadable, SignaturesFull.
        """
        async with self._units.read() as unit:
            act = await _signed_by(unit, actor, act_id)
        if len(content) > FILE_LIMIT:
            raise PayloadTooLarge
        der = as_der(content)
        digest = hashlib.sha256(der).hexdigest()
        async with self._units.read() as unit:
            await _known(unit, act.id, digest, actor.id)
        now = self._clock.now()
        found, document = await self._checked(act, der, language, now)
        await self._blobs.put(_key(act.id, digest), der)
        async with self._units.write() as unit:
            await unit.act_course.lock(act_id)  # two who attach at once take turns
            await _signed_by(unit, actor, act_id)
            same = await _known(unit, act.id, digest, actor.id)
            if same is None:
                new = NewSignature(act.id, digest, document, found, actor.id, now)
                await unit.act_signatures.add(new)
            elif same.found.problem is not None:
                await unit.act_signatures.checked_again(same.id, document, found)
            kept = await _known(unit, act.id, digest, actor.id)
        assert kept is not None
        return _view(kept)

    async def _checked(
        self, act: CourseAct, der: bytes, language: Language, at: datetime
    ) -> tuple[PersonSignature, str]:
        """(what was found, the PDF's digest)."""
        order = sorted(LANGUAGES, key=lambda one: one != language)
        pdfs = {one: await self._blobs.get(act.files[one]) for one in order}
        found = await asyncio.to_thread(check_signature, der, pdfs, self._authorities, at)
        return found, hashlib.sha256(pdfs[found.language]).hexdigest()

    async def file(self, actor: Actor, act_id: str, signature_id: str) -> bytes:
        """DER, for whoever may see the act. NotFound."""
        async with self._units.read() as unit:
            act = await unit.act_course.get(act_id, actor)
            found = await unit.act_signatures.of_act(act.id)
        for one in found:
            if one.id == signature_id:
                return await self._blobs.get(_key(one.act_id, one.sha256))
        raise NotFound

    async def packed(self, act_id: str) -> tuple[tuple[Language, bytes], ...]:
        """Of this very revision, for its evidence package; who may have it was asked before."""
        async with self._units.read() as unit:
            found = await unit.act_signatures.of_act(act_id)
        return tuple(
            [
                (one.found.language, await self._blobs.get(_key(act_id, one.sha256)))
                for one in found
                if one.act_id == act_id
            ]
        )


async def _signed_by(unit: ActSignatureUnit, actor: Actor, act_id: str) -> CourseAct:
    """The act, for whom it is one to sign. NotFound, Forbidden."""
    act = await unit.act_course.get(act_id, actor)
    if not await _is_signer(unit, actor, act_id):
        raise Forbidden
    return act


async def _is_signer(unit: ActSignatureUnit, actor: Actor, act_id: str) -> bool:
    """The act is to be seen by a role that has a part in it, not by another of the same person."""
    try:
        await unit.act_course.get(act_id, replace(actor, roles=actor.roles & SIGNERS))
    except NotFound:
        return False
    return True


async def _known(
    unit: ActSignatureUnit, act_id: str, digest: str, by: str
) -> StoredSignature | None:
    """The same file beside the same revision. SignaturesFull where ``by`` may attach no more."""
    known = [one for one in await unit.act_signatures.of_act(act_id) if one.act_id == act_id]
    for one in known:
        if one.sha256 == digest:
            return one
    if sum(one.by == by for one in known) >= MOST:
        raise SignaturesFull
    return None


def _key(act_id: str, digest: str) -> str:
    return f"acts/{act_id}/signatures/{digest}.p7s"


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
