"""The protocol of an appeal (T-5.6) as papers, all of what it said when it was first made.

Names may change afterwards, a protocol does not: its sealed PDFs and its page say the same in each
language, whenever they are asked for.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from zoneinfo import ZoneInfo

from acts.contracts import Language
from acts.protocol import ProtocolDocument, ProtocolVote, protocol_data, protocol_of
from exam_api.domain.appeals import AppealState
from exam_api.domain.errors import Conflict, NotFound
from exam_api.domain.languages import LANGUAGES
from exam_api.services.appeals_ports import Appeal
from exam_api.services.ports import Blobs

Render = Callable[[ProtocolDocument, Language], bytes]
Documents = Mapping[Language, ProtocolDocument]


def protocol_key(appeal_id: str, language: Language) -> str:
    return f"appeals/{appeal_id}/protocol-{language}.pdf"


def _data_key(appeal_id: str) -> str:
    return f"appeals/{appeal_id}/protocol.json"


class ProtocolPapers:
    """``renders``: by kind, pdf (sealed) and html; CPU-bound, called in threads."""

    def __init__(self, blobs: Blobs, renders: Mapping[str, Render]) -> None:
        self._blobs = blobs
        self._renders = renders

    async def kept(self, appeal_id: str, language: Language, kind: str) -> bytes | None:
        """The PDF that people sign, once it was made; pages are not kept."""
        if kind != "pdf":
            return None
        try:
            return await self._blobs.get(protocol_key(appeal_id, language))
        except NotFound:
            return None

    async def frozen(self, appeal_id: str) -> Documents | None:
        """What the protocol said when it was first made; None where it was not made yet."""
        try:
            data = json.loads(await self._blobs.get(_data_key(appeal_id)))
        except NotFound:
            return None
        return {language: protocol_of(data[language]) for language in LANGUAGES}

    async def freeze(self, appeal_id: str, documents: Documents) -> Documents:
        """Of two at once the first counts, for both."""
        data = {language: protocol_data(document) for language, document in documents.items()}
        with suppress(Conflict):
            text = json.dumps(data, ensure_ascii=False, sort_keys=True)
            await self._blobs.put(_data_key(appeal_id), text.encode())
        kept = await self.frozen(appeal_id)
        assert kept is not None
        return kept

    async def made(
        self, appeal_id: str, language: Language, kind: str, documents: Documents
    ) -> bytes:
        paper = await asyncio.to_thread(self._renders[kind], documents[language], language)
        if kind == "pdf":
            key = protocol_key(appeal_id, language)
            with suppress(Conflict):  # another was first
                await self._blobs.put(key, paper)
            return await self._blobs.get(key)
        return paper


def document_of(
    appeal: Appeal, sheet: tuple[tuple[int, bool, int], ...], zone: ZoneInfo, language: Language
) -> ProtocolDocument:
    """``sheet``: (question, answered, hundredths of its mark)."""
    assert appeal.commission is not None
    assert appeal.decided_at is not None
    assert appeal.visa_at is not None
    title, kazakh = appeal.discipline[language], appeal.discipline["kk"]
    return ProtocolDocument(
        number=appeal.protocol_number,
        made_at=appeal.decided_at.astimezone(zone).replace(microsecond=0),
        order_number=appeal.commission.order_number,
        order_date=appeal.commission.order_date,
        student=appeal.student.name,
        question=appeal.question,
        group=appeal.group,
        discipline=kazakh if title == kazakh else f"{kazakh} / {title}",
        lodged_at=appeal.lodged_at.astimezone(zone),
        visa_at=appeal.visa_at.astimezone(zone),
        visa_by=appeal.visa_by.name if appeal.visa_by else "",
        grounds=appeal.grounds,
        reasons=appeal.reasons,
        upheld=appeal.state is AppealState.UPHELD,
        points_before=appeal.points_before,
        points_after=appeal.points_after,
        chair=appeal.commission.chair.name,
        votes=tuple(
            ProtocolVote(vote.member.name, vote.uphold, vote.note) for vote in appeal.votes
        ),
        sheet=sheet,
    )
