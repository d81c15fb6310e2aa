"""Grades: statements, the exam's journal file, and the journal for the university's own system."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from acts.contracts import Language
from acts.statement import (
    render_statement_html,
    render_statement_pdf,
    render_statement_xlsx,
)
from exam_api.domain.errors import StatementEarly
from exam_api.services.results import Results
from exam_api.services.results_ports import JournalEntry
from exam_api.web.api.html_twins import twin
from exam_api.web.api.ids import PathId
from exam_api.web.api.paging import PAGED, AskedPage, linked
from exam_api.web.auth import CoreDep, CurrentActor, MaybeActor
from exam_api.web.files import CSV, PDF, XLSX, document
from exam_api.web.openapi import refuses

router = APIRouter(prefix="/api/v1", tags=["results"])

_MEDIA = {"csv": CSV, "pdf": PDF, "xlsx": XLSX}
_STATEMENT = {
    "pdf": render_statement_pdf,
    "xlsx": render_statement_xlsx,
    "html": render_statement_html,
}
_TOKEN = Security(HTTPBearer(scheme_name="journal token", auto_error=False))


async def results_of(core: CoreDep) -> Results:
    return Results(core.database, core.clock, _STATEMENT, core.results)


ResultsDep = Annotated[Results, Depends(results_of)]


@router.get("/exams/{exam_id}/statement.{kind}")
async def statement(
    exam_id: PathId,
    kind: Literal["pdf", "xlsx", "html"],
    actor: CurrentActor,
    results: ResultsDep,
    lang: Annotated[Language, Query()] = "kk",
) -> Response:
    """The grade statement; a draft until the day after the exam (row 10)."""
    body = await results.statement(actor, exam_id, lang, kind)
    if kind == "html":
        return twin(body, lang)
    return document(body, _MEDIA[kind], f"statement-{lang}.{kind}")


@router.get("/exams/{exam_id}/journal.{kind}")
async def journal_file(
    exam_id: PathId, kind: Literal["csv", "xlsx"], actor: CurrentActor, results: ResultsDep
) -> Response:
    """The final grades in the columns that a journal imports."""
    body = await results.journal_file(actor, exam_id, kind)
    return document(body, _MEDIA[kind], f"journal.{kind}")


@router.post("/exams/{exam_id}/journal", responses=refuses(StatementEarly))
async def import_grades(
    exam_id: PathId, actor: CurrentActor, results: ResultsDep
) -> dict[str, int]:
    """S-22: hands the final grades to the journal. Again: only those that have changed."""
    return {"taken": await results.import_grades(actor, exam_id)}


@router.get("/journal", responses=PAGED)
async def journal(
    *,
    request: Request,
    response: Response,
    ask: AskedPage,
    results: ResultsDep,
    actor: MaybeActor,
    token: Annotated[HTTPAuthorizationCredentials | None, _TOKEN],
) -> tuple[JournalEntry, ...]:
    """Final grades in the order they were handed over: go on from the last page's cursor.

    Of several entries for one student and exam the highest ``revision`` counts. For machines by
    their bearer token (page /clients), and for the registrar.
    """
    await results.require_reader(actor, token.credentials if token else None)
    return linked(request, response, await results.journal(ask))
