"""The proctoring side's services as routes reach them: one attribute of the app's core."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from exam_api.services.act_papers import ActPapers
from exam_api.services.acts import Acts
from exam_api.services.check_lists import CheckListDesk
from exam_api.services.drawn_acts import DrawnActs
from exam_api.services.live_console import Console
from exam_api.services.reviewing import Reviewing


@dataclass(frozen=True, slots=True)
class ProctoringServices:
    console: Console
    reviewing: Reviewing
    acts: Acts
    papers: ActPapers
    check_lists: CheckListDesk
    drawn: DrawnActs


async def _of(request: Request) -> ProctoringServices:
    return cast("ProctoringServices", request.app.state.core.proctoring)


Proctoring = Annotated[ProctoringServices, Depends(_of)]
