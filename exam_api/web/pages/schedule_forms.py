"""What people fill in on the schedule's pages, read into values. InvalidRequest names the field."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData

from exam_api.domain.errors import InvalidRequest
from exam_api.domain.languages import LANGUAGES
from exam_api.domain.policy import ExamPolicy
from exam_api.domain.policy_rules import OneOf, SomeOf, Switch, Whole, rules_of
from exam_api.services.scheduling_ports import ExamDraft


class FieldWrong(InvalidRequest):
    """One field of a form cannot be read; ``field`` is its name there."""

    code = "field_wrong"

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def text_of(form: FormData, field: str, most: int = 200) -> str:
    value = form.get(field, "")
    if not isinstance(value, str) or len(value) > most or "\0" in value:
        raise FieldWrong(field)
    return value.strip()


def texts_of(form: FormData, field: str) -> list[str]:
    return [value for value in form.getlist(field) if isinstance(value, str) and value]


def whole_of(form: FormData, field: str) -> int:
    value = text_of(form, field, 10)
    if not value.isascii() or not value.isdigit():
        raise FieldWrong(field)
    return int(value)


def day_of(form: FormData, field: str) -> date:
    try:
        return date.fromisoformat(text_of(form, field, 10))
    except ValueError:
        raise FieldWrong(field) from None


def day_or_none(form: FormData, field: str) -> date | None:
    return day_of(form, field) if text_of(form, field) else None


def moment_of(form: FormData, field: str, zone: ZoneInfo) -> datetime:
    """A ``datetime-local`` field, in the university's ``zone``."""
    try:
        local = datetime.fromisoformat(text_of(form, field, 20))
    except ValueError:
        raise FieldWrong(field) from None
    if local.tzinfo is not None or not 2000 <= local.year <= 2100:
        raise FieldWrong(field)
    return local.replace(tzinfo=zone).astimezone(UTC)


def local_value(at: datetime | None, zone: ZoneInfo) -> str:
    """As a ``datetime-local`` field holds it."""
    return at.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if at else ""


def draft_of(form: FormData, before: ExamPolicy, zone: ZoneInfo) -> ExamDraft:
    return ExamDraft(
        discipline_id=text_of(form, "discipline", 36),
        period_id=text_of(form, "period", 36) or None,
        opens_at=moment_of(form, "opens_at", zone),
        closes_at=moment_of(form, "closes_at", zone),
        languages=tuple(one for one in LANGUAGES if one in texts_of(form, "languages")),
        policy=policy_of(form, before),
        rooms=tuple(texts_of(form, "rooms")),
    )


def policy_of(form: FormData, before: ExamPolicy) -> ExamPolicy:
    """Settings that the form does not name stay as they were."""
    values = before.to_json()
    for name, rule in rules_of(ExamPolicy).items():
        field = f"policy.{name}"
        match rule:
            case Switch() | SomeOf() if f"{field}.shown" not in form:
                continue
            case Switch():
                values[name] = field in form
            case SomeOf():
                values[name] = texts_of(form, field)
            case Whole() if field in form:
                values[name] = whole_of(form, field)
            case OneOf() if field in form:
                values[name] = text_of(form, field)
    return ExamPolicy.from_json(values)
