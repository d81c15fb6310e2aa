"""The text of the rules that students agree to: its newest version, and a new one."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from exam_api.domain.errors import ExamError
from exam_api.domain.languages import LANGUAGES, Texts
from exam_api.services.identity import RULES_LIMIT
from exam_api.services.identity_ports import Rules
from exam_api.services.scheduling import require_planner
from exam_api.web.auth import CurrentActor
from exam_api.web.i18n import catalogue
from exam_api.web.pages.rendering import TEMPLATES
from exam_api.web.pages.schedule_forms import text_of
from exam_api.web.pages.wiring import Identities

router = APIRouter(include_in_schema=False)


# What the room shows where no version was published (number 0); the exam's own numbers, the
# recording and the consent stand beside either.
_BUILT_IN = ("allowed", "forbidden", "stay", "breach", "connection")


@router.get("/schedule/rules")
async def rules(request: Request, actor: CurrentActor, identities: Identities) -> Response:
    require_planner(actor)
    found = await identities.rules()
    return TEMPLATES.page(
        request, "schedule/rules.html", actor, rules=found, texts=_texts(found), problem=None
    )


@router.post("/schedule/rules")
async def publish(request: Request, actor: CurrentActor, identities: Identities) -> Response:
    form = await request.form()
    texts = {code: text_of(form, f"text_{code}", RULES_LIMIT) for code in LANGUAGES}
    try:
        await identities.publish_rules(actor, texts)
    except ExamError as error:
        if error.code != "rules_incomplete":
            raise
        found = await identities.rules()
        page = "schedule/rules.html"
        return TEMPLATES.page(
            request, page, actor, status=422, rules=found, texts=texts, problem=error.code
        )
    return RedirectResponse("/schedule/rules", 303)


def _texts(rules: Rules) -> Texts:
    """Of the newest version; the built-in text to begin with."""
    return rules.texts or {
        code: "\n".join(catalogue(code)(f"rules.{part}") for part in _BUILT_IN)
        for code in LANGUAGES
    }
