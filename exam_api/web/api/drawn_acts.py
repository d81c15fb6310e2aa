"""Acts that people draw up: form 1 of a commission, form 2, form 3."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, status
from pydantic import AwareDatetime, BaseModel, Field

from acts.contracts import Form1Item
from exam_api.domain.errors import ActIncomplete, ActOutdated
from exam_api.services.drawn_acts import DrawnView
from exam_api.services.drawn_documents import (
    NAME_LIMIT,
    WORDS_LIMIT,
    Breach,
    BreachOrder,
    Capacity,
    OutsiderOrder,
    RefusalOrder,
    Signatory,
)
from exam_api.services.identity_ports import PhotoKind
from exam_api.web.api.ids import BodyId, PathId
from exam_api.web.api.proctoring_services import Proctoring
from exam_api.web.api.texts import plain
from exam_api.web.auth import CurrentActor
from exam_api.web.openapi import refuses

router = APIRouter(prefix="/api/v1", tags=["acts"])

Name = Annotated[str, plain(NAME_LIMIT)]


class SignatoryBody(BaseModel):
    full_name: Name
    capacity: Capacity
    position: Name = ""

    def value(self) -> Signatory:
        return Signatory(self.full_name, self.capacity, self.position)


class BreachBody(BaseModel):
    item: Form1Item
    at: AwareDatetime | None = None
    words: Annotated[str, plain(WORDS_LIMIT)] = ""

    def value(self) -> Breach:
        at: datetime | None = self.at
        return Breach(self.item, at, self.words)


class Drawn(BaseModel):
    """``id`` is chosen by who asks: asked again with it, the act is the same one.

    ``replaces``: the revision that this one corrects.
    """

    id: BodyId
    replaces: BodyId | None = None


class CommissionBody(Drawn):
    commission: Annotated[list[SignatoryBody], Field(max_length=20)]

    def people(self) -> tuple[Signatory, ...]:
        return tuple(one.value() for one in self.commission)


class BreachActBody(CommissionBody):
    form: Literal[1] = 1
    breaches: Annotated[list[BreachBody], Field(max_length=50)]


class OutsiderActBody(CommissionBody):
    form: Literal[3]
    outsider: Name = ""
    flag_id: BodyId | None = None
    enrolled: PhotoKind | None = None


class RefusalBody(Drawn):
    author: SignatoryBody
    witnesses: Annotated[list[SignatoryBody], Field(max_length=20)]


@router.get("/sittings/{sitting_id}/acts")
async def listed(
    sitting_id: PathId, actor: CurrentActor, services: Proctoring
) -> tuple[DrawnView, ...]:
    """All revisions, newest first; the act made of flags stands with the flags."""
    return await services.drawn.of(actor, sitting_id)


@router.post(
    "/sittings/{sitting_id}/acts",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(ActIncomplete, ActOutdated),
)
async def make(
    sitting_id: PathId,
    body: BreachActBody | OutsiderActBody,
    actor: CurrentActor,
    services: Proctoring,
) -> DrawnView:
    order: BreachOrder | OutsiderOrder
    if isinstance(body, BreachActBody):
        order = BreachOrder(body.people(), tuple(one.value() for one in body.breaches))
    else:
        order = OutsiderOrder(body.people(), body.outsider, body.flag_id, body.enrolled)
    return await services.drawn.make(actor, sitting_id, body.id, order, body.replaces)


@router.post(
    "/acts/{act_id}/refusals",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(ActIncomplete, ActOutdated),
)
async def refuse(
    act_id: PathId, body: RefusalBody, actor: CurrentActor, services: Proctoring
) -> DrawnView:
    """Form 2: the student refused to sign this act."""
    act = await services.drawn.refusable(actor, act_id, body.replaces)
    witnesses = tuple(one.value() for one in body.witnesses)
    order = RefusalOrder(body.author.value(), witnesses, act_id)
    return await services.drawn.make(actor, act.sitting_id, body.id, order, body.replaces)
