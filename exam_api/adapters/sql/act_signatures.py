"""Signatures of people beside acts."""

from collections.abc import Sequence
from typing import cast

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from acts.contracts import Language
from acts.signatures import PersonSignature, SignatureProblem
from exam_api.adapters.sql.tables import ActRow, ActSignatureRow, User
from exam_api.domain.ids import new_id
from exam_api.services.act_signatures_ports import NewSignature, StoredSignature


class SqlActSignatures:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of_act(self, act_id: str) -> Sequence[StoredSignature]:
        named = aliased(ActRow)
        query = (
            select(ActSignatureRow, ActRow.revision, User.full_name)
            .join(ActRow, ActRow.id == ActSignatureRow.act_id)
            .join(User, User.id == ActSignatureRow.attached_by)
            .join(
                named,
                (named.year == ActRow.year)
                & (named.form == ActRow.form)
                & (named.seq == ActRow.seq),
            )
            .where(named.id == act_id)
            .order_by(ActSignatureRow.id)
            .execution_options(populate_existing=True)
        )
        return [
            StoredSignature(
                id=row.id,
                act_id=row.act_id,
                revision=revision,
                sha256=row.sha256,
                document_sha256=row.document_sha256,
                found=_found(row),
                by=row.attached_by,
                by_name=by_name,
                at=row.attached_at,
            )
            for row, revision, by_name in await self._session.execute(query)
        ]

    async def add(self, new: NewSignature) -> None:
        self._session.add(
            ActSignatureRow(
                id=new_id(),
                act_id=new.act_id,
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
        change = update(ActSignatureRow).where(ActSignatureRow.id == signature_id)
        await self._session.execute(change.values(**_columns(document_sha256, found)))


def _columns(document_sha256: str, found: PersonSignature) -> dict[str, str]:
    return {
        "language": found.language,
        "document_sha256": document_sha256,
        "subject": found.subject,
        "issuer": found.issuer,
        "problem": found.problem.value if found.problem else "",
    }


def _found(row: ActSignatureRow) -> PersonSignature:
    problem = SignatureProblem(row.problem) if row.problem else None
    return PersonSignature(cast("Language", row.language), row.subject, row.issuer, problem)
