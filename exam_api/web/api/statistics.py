"""The session's report for the academic council (T-6.6, T-6.7)."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response

from acts.contracts import Language
from acts.session_report import render_report_html, render_report_pdf, render_report_xlsx
from exam_api.services.session_statistics import SessionStatistics
from exam_api.web.api.html_twins import twin
from exam_api.web.api.ids import BodyId
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.files import PDF, XLSX, document

router = APIRouter(prefix="/api/v1/statistics", tags=["statistics"])

_MEDIA = {"pdf": PDF, "xlsx": XLSX}
_REPORT = {"pdf": render_report_pdf, "xlsx": render_report_xlsx, "html": render_report_html}


async def statistics_of(core: CoreDep) -> SessionStatistics:
    return SessionStatistics(core.database, core.clock, _REPORT, core.results.zone)


StatisticsDep = Annotated[SessionStatistics, Depends(statistics_of)]


@router.get("/report.{kind}")
async def report(
    kind: Literal["pdf", "xlsx", "html"],
    actor: CurrentActor,
    statistics: StatisticsDep,
    period: Annotated[BodyId | None, Query()] = None,
    lang: Annotated[Language, Query()] = "kk",
) -> Response:
    """Of one session of exams, or of all; what the caller may not see is not counted."""
    body = await statistics.report(actor, period, lang, kind)
    if kind == "html":
        return twin(body, lang)
    return document(body, _MEDIA[kind], f"session-report-{lang}.{kind}")
