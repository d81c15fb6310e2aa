"""Form 4 of check lists: XLSX, PDF or page; as it was sent and signed; read back when filled."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Final, Literal

from acts.contracts import Form4Document, Form4Row, Language
from exam_api.domain.check_lists import Finding
from exam_api.domain.languages import LANGUAGES, in_language
from exam_api.services.act_documents import Place
from exam_api.services.check_lists_ports import ListRow
from exam_api.services.ports import Blobs

Kept = Literal["xlsx", "pdf"]  # as it was signed
Kind = Literal["xlsx", "pdf", "html"]
ROWS: Final = "rows"  # among the files of a signed list: what excerpts and pages are made of


@dataclass(frozen=True, slots=True)
class Form4Makers:
    """How form 4 is made; CPU-bound, called in threads. ``sealed``: with the institution's seal."""

    xlsx: Callable[[Form4Document, Language], bytes]
    pdf: Callable[[Form4Document, Language], bytes]
    html: Callable[[Form4Document, Language], bytes]
    sealed: Callable[[Form4Document, Language], bytes]


class Form4Papers:
    def __init__(self, blobs: Blobs, place: Place, makers: Form4Makers) -> None:
        self._blobs = blobs
        self._place = place
        self._makers = makers

    def form_rows(self, rows: Sequence[ListRow]) -> Mapping[str, Form4Row]:
        """By sitting, as form 4 prints them."""
        return {row.sitting_id: self._row(row) for row in rows}

    def document(self, rows: Sequence[ListRow], member: str, at: datetime) -> Form4Document:
        """Marked as a draft: ``signed`` makes the final one."""
        made_at = at.astimezone(self._place.zone)
        return Form4Document(tuple(map(self._row, rows)), member, made_at, draft=True)

    def _row(self, row: ListRow) -> Form4Row:
        card = row.student
        course = "" if card.course is None else str(card.course)
        return Form4Row(
            student=card.full_name,
            programme=card.programme,
            course_group=", ".join(part for part in (course, card.group) if part),
            discipline=in_language(row.title, "kk"),
            exam_date=row.day.astimezone(self._place.zone).date(),
            link=self._place.review_url(row.sitting_id),
            act_made=None if row.finding is None else row.finding is Finding.ACT_MADE,
            proctor=row.proctor.name,
        )

    async def made(self, document: Form4Document, kind: Kind, language: Language) -> bytes:
        makers = {"xlsx": self._makers.xlsx, "pdf": self._makers.pdf, "html": self._makers.html}
        return await asyncio.to_thread(makers[kind], document, language)

    async def kept(self, key: str) -> bytes:
        """NotFound."""
        return await self._blobs.get(key)

    async def sent(self, list_id: str, document: Form4Document, language: Language) -> str:
        """The blob that the proctor's mail carries."""
        sheet = await self.made(replace(document, draft=False), "xlsx", language)
        return await self._put(list_id, "xlsx", sheet)

    async def signed(
        self, list_id: str, sittings: Sequence[str], document: Form4Document
    ) -> tuple[Mapping[str, str], str]:
        """Blobs by ``name_of`` and ``ROWS``; the digest of the Kazakh sheet, which is signed."""
        final = replace(document, draft=False, signed_at=document.made_at)
        rows = dict(zip(sittings, document.rows, strict=True))
        files = {ROWS: await self._put(list_id, "json", _dumped(document.member, rows))}
        digest = ""
        for language in LANGUAGES:
            sheet = await asyncio.to_thread(self._makers.xlsx, final, language)
            files[name_of("xlsx", language)] = await self._put(list_id, "xlsx", sheet)
            digest = digest or hashlib.sha256(sheet).hexdigest()
            pdf = await asyncio.to_thread(self._makers.sealed, final, language)
            files[name_of("pdf", language)] = await self._put(list_id, "pdf", pdf)
        return files, digest

    async def excerpt(
        self, files: Mapping[str, str], sittings: Collection[str], document: Form4Document
    ) -> Form4Document:
        """What was signed of these sittings; ``document`` itself where its rows were not kept."""
        final = replace(document, draft=False, signed_at=document.made_at)
        if ROWS not in files:  # signed with an earlier version
            return final
        member, kept = _loaded(await self._blobs.get(files[ROWS]))
        rows = tuple(row for sitting, row in kept.items() if sitting in sittings)
        return replace(final, rows=rows, member=member)

    async def _put(self, list_id: str, kind: Kept | Literal["json"], content: bytes) -> str:
        key = f"form4/{list_id}/{hashlib.sha256(content).hexdigest()[:32]}.{kind}"
        await self._blobs.put(key, content)
        return key


def _dumped(member: str, rows: Mapping[str, Form4Row]) -> bytes:
    plain = {one: {**asdict(row), "exam_date": f"{row.exam_date}"} for one, row in rows.items()}
    return json.dumps({"member": member, "rows": plain}, ensure_ascii=False).encode()


def _loaded(content: bytes) -> tuple[str, dict[str, Form4Row]]:
    kept = json.loads(content)
    rows = {
        sitting: Form4Row(**{**row, "exam_date": date.fromisoformat(row["exam_date"])})
        for sitting, row in kept["rows"].items()
    }
    return kept["member"], rows


def name_of(kind: Kept, language: Language) -> str:
    return f"{kind}-{language}"
