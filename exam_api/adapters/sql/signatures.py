"""Signatures of people beside sealed documents."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, cast

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from acts.contracts import Language
from acts.signatures import PersonSignature, SignatureProblem
from exam_api.adapters.sql.act_visibility import (
    acts_visible_to,
    complete,
    newest_revision,
    same_act,
)
from exam_api.adapters.sql.tables import (
    ActRow,
    AppealRow,
    CheckListRow,
    SignatureRow,
    Sitting,
    User,
)
from exam_api.domain.errors import NotFound
from exam_api.domain.ids import new_id
from exam_api.domain.roles import Actor
from exam_api.services.signatures_ports import (
    ActPaper,
    NewSignature,
    PaperKind,
    StoredSignature,
)

_PAPERS: Final[Mapping[PaperKind, type[ActRow | CheckListRow | AppealRow]]] = {
    PaperKind.ACT: ActRow,
    PaperKind.CHECK_LIST: CheckListRow,
    PaperKind.PROTOCOL: AppealRow,
}


class SqlSignatures:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def act(self, act_id: str, actor: Actor) -> ActPaper:
        newest = (complete(ActRow), newest_revision(), acts_visible_to(actor))
        query = (
            select(ActRow.id, ActRow.form, ActRow.revision, ActRow.blobs, ActRow.about_id)
            .join(Sitting, Sitting.id == ActRow.sitting_id)
            .where(same_act(act_id), *newest)
        )
        found = (await self._session.execute(query)).first()
        if found is None:
            raise NotFound
        revisions = await self._session.scalars(select(ActRow.id).where(same_act(act_id)))
        return ActPaper(
            id=found.id,
            form=found.form,
            revision=found.revision,
            revisions=tuple(revisions),
            files=found.blobs,
            about_id=found.about_id,
        )

    async def hold(self, kind: PaperKind, paper_id: str) -> None:
        paper = _PAPERS[kind]
        held = select(paper.id).where(paper.id == paper_id)
        await self._session.execute(held.with_for_update())

    async def of(self, kind: PaperKind, paper_ids: Collection[str]) -> Sequence[StoredSignature]:
        query = (
            select(SignatureRow, User.full_name)
            .join(User, User.id == SignatureRow.attached_by)
            .where(SignatureRow.kind == kind.value, SignatureRow.paper_id.in_(paper_ids))
            .order_by(SignatureRow.id)
            .execution_options(populate_existing=True)
        )
        return [
            StoredSignature(
                id=row.id,
                paper_id=row.paper_id,
                revision=row.revision,
                sha256=row.sha256,
                document_sha256=row.document_sha256,
                found=_found(row),
                by=row.attached_by,
                by_name=by_name,
                at=row.attached_at,
            )
            for row, by_name in await self._session.execute(query)
        ]

    async def add(self, new: NewSignature) -> None:
        self._session.add(
            SignatureRow(
                id=new_id(),
                kind=new.kind.value,
                paper_id=new.paper_id,
                revision=new.revision,
                sha256=new.sha256,
                attached_by=new.by,
                attached_at=new.at,
                **_columns(new.document_sha256, new.found),
            )
        )
        await self._session.flush()

    async def checked_again(
        self, signature_id: str, document_sha256: str, found: PersonSignature
    ) -> None:
        change = update(SignatureRow).where(SignatureRow.id == signature_id)
        await self._session.execute(change.values(**_columns(document_sha256, found)))


def _columns(document_sha256: str, found: PersonSignature) -> dict[str, str]:
    return {
        "language": found.language,
        "document_sha256": document_sha256,
        "subject": found.subject,
        "issuer": found.issuer,
        "problem": found.problem.value if found.problem else "",
    }


def _found(row: SignatureRow) -> PersonSignature:
    problem = SignatureProblem(row.problem) if row.problem else None
    return PersonSignature(cast("Language", row.language), row.subject, row.issuer, problem)
