"""Other ways to read what was decided: an act as page or with all it rests on, form 4 too."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from acts.contracts import Form4Document, Language
from acts.package import FlagData, ModelUsed, PackageContents, PackedSignature
from acts.record import AnyAct
from exam_api.domain.errors import NotFound
from exam_api.domain.languages import LANGUAGES
from exam_api.domain.roles import Actor, Role
from exam_api.services.act_inputs import pictures_in, render_input
from exam_api.services.acts import Acts
from exam_api.services.ports import Blobs
from exam_api.services.proctoring_ports import StoredFlag, Transaction
from exam_api.services.review_ports import ActStore, StoredAct


@dataclass(frozen=True, slots=True)
class PaperMakers:
    """How papers are made of documents; CPU-bound, called in threads."""

    form4_pdf: Callable[[Form4Document, Language], bytes]
    form4_html: Callable[[Form4Document, Language], bytes]
    act_html: Callable[[AnyAct, Language], bytes]
    package: Callable[[PackageContents], bytes]


# act_id -> signatures of people beside its PDFs.
Signatures = Callable[[str], Awaitable[tuple[PackedSignature, ...]]]


class ActPapers:
    def __init__(
        self,
        acts: Acts,
        read: Transaction[ActStore],
        blobs: Blobs,
        makers: PaperMakers,
        signatures: Signatures,
    ) -> None:
        self._acts = acts
        self._read = read
        self._blobs = blobs
        self._makers = makers
        self._signatures = signatures

    async def html(self, actor: Actor, act_id: str, language: Language) -> bytes:
        """The act as an accessible page, for whoever may read its PDF. NotFound."""
        async with self._read() as store:
            act = await store.act(act_id, actor)
        document = render_input(act.document, await self._pictures(act), language)
        return await asyncio.to_thread(self._makers.act_html, document, language)

    async def package(self, actor: Actor, act_id: str) -> tuple[str, bytes]:
        """(number, ZIP) for those who watch the exam and the commission that was sent the act.

        NotFound, also to the student, who has the act itself.
        """
        as_staff = replace(actor, roles=actor.roles - {Role.STUDENT})
        async with self._read() as store:
            act = await store.act(act_id, as_staff)
            flags = {flag.id: flag for flag in await store.flags([act.sitting_id])}
        pictures = await self._pictures(act)
        evidence = [
            await self._flag_data(flags[entry["flag_id"]], entry, pictures)
            for entry in act.document.get("evidence", ())
        ]
        pdfs = {language: await self._blobs.get(act.files[language]) for language in LANGUAGES}
        contents = PackageContents(pdfs, tuple(evidence), await self._signatures(act_id))
        return act.number, await asyncio.to_thread(self._makers.package, contents)

    async def _flag_data(
        self, flag: StoredFlag, entry: Mapping[str, Any], pictures: Mapping[str, bytes]
    ) -> FlagData:
        """The analyzer's row, with frame and clip as the act holds them."""
        return FlagData(
            flag_id=flag.id,
            kind=str(flag.kind),
            severity=str(flag.severity),
            start_ms=entry["start_ms"],
            end_ms=entry["end_ms"],
            confidence=flag.confidence,
            models=tuple(ModelUsed(one.id, one.version, one.sha256) for one in flag.models),
            thresholds=dict(flag.thresholds or {}),
            scores=flag.scores,
            frame_at_ms=entry["frame_at_ms"],
            regions=tuple((box.x0, box.y0, box.x1, box.y1) for box in flag.boxes),
            frame_jpeg=pictures.get(entry["evidence_key"] or ""),
            before=tuple(
                [(still.at_ms, await self._blobs.get(still.key)) for still in flag.before]
            ),
            clip_webm=await self._blobs.get(entry["clip_key"]) if entry["clip_key"] else None,
        )

    async def _pictures(self, act: StoredAct) -> dict[str, bytes]:
        """NotFound while the act is still being made."""
        if not act.complete:
            raise NotFound
        return {key: await self._blobs.get(key) for key in pictures_in(act.document)}

    async def form4_pdf(self, actor: Actor, exam_id: str, language: Language) -> bytes:
        """NotFound."""
        document = await self._acts.form4_document(actor, exam_id)
        return await asyncio.to_thread(self._makers.form4_pdf, document, language)

    async def form4_html(self, actor: Actor, exam_id: str, language: Language) -> bytes:
        """The same list as an accessible page. NotFound."""
        document = await self._acts.form4_document(actor, exam_id)
        return await asyncio.to_thread(self._makers.form4_html, document, language)
