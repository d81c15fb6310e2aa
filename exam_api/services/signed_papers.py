"""The documents that people sign electronically: who sees each, who signs it, its PDFs now."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from exam_api.domain.check_lists import SIGNED, ListStep
from exam_api.domain.errors import NotFound
from exam_api.domain.languages import LANGUAGES
from exam_api.domain.roles import Actor, Role
from exam_api.services.check_list_papers import name_of
from exam_api.services.protocol_papers import protocol_key
from exam_api.services.signatures_ports import PaperKind, SignatureUnit

_REFUSAL: Final = 2
_STAFF: Final = frozenset(
    {Role.PROCTOR, Role.TESTING_CENTRE, Role.MEMBER, Role.DEAN_OFFICE, Role.COMMISSION}
)


@dataclass(frozen=True, slots=True)
class Paper:
    """``files``: blobs by language, none while there is nothing to sign; ``revision``: which of
    its versions they are. ``earlier``: the ids that older versions had. ``page``: where it stands.
    """  # noqa: D205 - one thought

    kind: PaperKind
    id: str
    revision: int
    files: Mapping[str, str]
    may_attach: bool
    page: str
    earlier: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        return (self.id, *self.earlier)


async def paper_of(unit: SignatureUnit, actor: Actor, kind: PaperKind, paper_id: str) -> Paper:
    """NotFound where the actor may not see it."""
    if kind is PaperKind.ACT:
        return await _act(unit, actor, paper_id)
    if kind is PaperKind.CHECK_LIST:
        return await _list(unit, actor, paper_id)
    return await _protocol(unit, actor, paper_id)


async def _act(unit: SignatureUnit, actor: Actor, act_id: str) -> Paper:
    """Signed by who has a part in it: its student (not in form 2, which tells of the refusal to
    sign), who drew it up, checked it, delivers it, decides on it.
    """  # noqa: D205 - one thought
    act = await unit.signatures.act(act_id, actor)
    signers = _STAFF if act.form == _REFUSAL else _STAFF | {Role.STUDENT}
    try:  # by a role that has a part in the act, not by another of the same person
        await unit.signatures.act(act_id, replace(actor, roles=actor.roles & signers))
        signs = True
    except NotFound:
        signs = False
    page = f"/acts/{act.about_id or act.id}"
    earlier = tuple(one for one in act.revisions if one != act.id)
    return Paper(PaperKind.ACT, act.id, act.revision, act.files, signs, page, earlier)


async def _list(unit: SignatureUnit, actor: Actor, list_id: str) -> Paper:
    """Form 4 as the member has signed it in the system (S-18); its proctor has filled it in."""
    sheet = await unit.check_lists.get(list_id, actor)
    times = [step.step for step in await unit.check_lists.steps(list_id)].count(ListStep.SIGN)
    files: dict[str, str] = {}
    if sheet.state in SIGNED:
        kept = (await unit.check_lists.signed(list_id)).files
        files = {language: kept[name_of("pdf", language)] for language in LANGUAGES}
    signs = actor.id in {sheet.member.id, sheet.proctor.id}
    page = f"/{PaperKind.CHECK_LIST}/{list_id}"
    return Paper(PaperKind.CHECK_LIST, list_id, times, files, signs, page)


async def _protocol(unit: SignatureUnit, actor: Actor, appeal_id: str) -> Paper:
    """T-5.6: signed by the chair and the members."""
    appeal = await unit.appeals.get(appeal_id, actor)
    files: dict[str, str] = {}
    if appeal.decided_at is not None:
        files = {language: protocol_key(appeal_id, language) for language in LANGUAGES}
    members = {one.id for one in appeal.commission.members} if appeal.commission else set()
    signs = actor.id in members and actor.has(Role.APPEAL_COMMISSION)
    signs = signs and actor.id != appeal.student.id
    return Paper(
        PaperKind.PROTOCOL, appeal_id, 1, files, signs, f"/{PaperKind.PROTOCOL}/{appeal_id}"
    )
