"""Session statistics as a page: a chart that is drawn here, and every number as a table."""

from fastapi import APIRouter, Request, Response

from exam_api.domain.ids import is_id
from exam_api.services.session_statistics import DIMENSIONS
from exam_api.web.api.statistics import StatisticsDep
from exam_api.web.auth import CurrentActor
from exam_api.web.i18n import request_language
from exam_api.web.pages.rendering import TEMPLATES

router = APIRouter(include_in_schema=False)


@router.get("/statistics")
async def page(
    request: Request, actor: CurrentActor, statistics: StatisticsDep, period: str = ""
) -> Response:
    chosen = period if is_id(period) else None
    language = request_language(request, actor.language)
    figures = await statistics.figures(actor, chosen, language)
    tallest = max(
        [1.0, *(bar.count for bar in figures.bars), *(height for _, height in figures.curve)]
    )
    return TEMPLATES.page(
        request,
        "statistics.html",
        actor,
        figures=figures,
        periods=await statistics.periods(actor),
        chosen=chosen or "",
        dimensions=DIMENSIONS,
        tallest=tallest,
    )
