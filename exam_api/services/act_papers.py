"""Other ways to read what was decided: an act as a page, form 4 as PDF (S-17, S-19)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from acts.contracts import ActDocument, Form4Document, Language
from exam_api.domain.errors import NotFound
from exam_api.domain.roles import Actor
from exam_api.services.act_documents import render_input
from exam_api.services.acts import Acts
from exam_api.services.ports import Blobs
from exam_api.services.proctoring_ports import Transaction
from exam_api.services.review_ports import ActStore, StoredAct


@dataclass(frozen=True, slots=True)
class PaperMakers:
    """How papers are made of documents; CPU-bound, called in threads."""

    form4_pdf: Callable[[Form4Document, Language], bytes]
    act_html: Callable[[ActDocument, Language], bytes]


class ActPapers:
    def __init__(
        self, acts: Acts, read: Transaction[ActStore], blobs: Blobs, makers: PaperMakers
    ) -> None:
        self._acts = acts
        self._read = read
        self._blobs = blobs
        self._makers = makers

    async def html(self, actor: Actor, act_id: str, language: Language) -> bytes:
        """The act as an accessible page, for whoever may read its PDF. NotFound."""
        async with self._read() as store:
            act = await store.act(act_id, actor)
        document = render_input(act.document, await self._pictures(act), language)
        return await asyncio.to_thread(self._makers.act_html, document, language)

    async def _pictures(self, act: StoredAct) -> dict[str, bytes]:
        """NotFound while the act is still being made."""
        if not act.complete:
            raise NotFound
        keys = {entry["evidence_key"] for entry in act.document["evidence"]} - {None}
        return {key: await self._blobs.get(key) for key in sorted(keys)}

    async def form4_pdf(self, actor: Actor, exam_id: str, language: Language) -> bytes:
        """NotFound."""
        document = await self._acts.form4_document(actor, exam_id)
        return await asyncio.to_thread(self._makers.form4_pdf, document, language)
