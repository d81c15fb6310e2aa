"""Other ways to read what was decided: form 4 as PDF, beside the Excel file (S-17)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from acts.contracts import Form4Document, Language
from exam_api.domain.roles import Actor
from exam_api.services.acts import Acts


@dataclass(frozen=True, slots=True)
class PaperMakers:
    """How papers are made of documents; CPU-bound, called in threads."""

    form4_pdf: Callable[[Form4Document, Language], bytes]


class ActPapers:
    def __init__(self, acts: Acts, makers: PaperMakers) -> None:
        self._acts = acts
        self._makers = makers

    async def form4_pdf(self, actor: Actor, exam_id: str, language: Language) -> bytes:
        """NotFound."""
        document = await self._acts.form4_document(actor, exam_id)
        return await asyncio.to_thread(self._makers.form4_pdf, document, language)
