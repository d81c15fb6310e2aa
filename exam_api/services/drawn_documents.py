"""Acts that people draw up: what they hand in, what is wrong with it, the document as stored."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from acts.contracts import Form1Item
from exam_api.services.act_documents import ActHead, Place, addressed, student_of
from exam_api.services.review_ports import StoredAct, WatchedSitting

NAME_LIMIT: Final = 200
WORDS_LIMIT: Final = 1000
WITNESSES: Final = 2  # form 2


class Capacity(StrEnum):
    """As what somebody signs (S-12)."""

    PROCTOR = "proctor"
    TESTING_CENTRE = "testing_centre"
    DEAN_OFFICE = "dean_office"
    STUDENT_REPRESENTATIVE = "student_representative"


@dataclass(frozen=True, slots=True)
class Signatory:
    """``position``: in the person's own words; empty: the capacity's name."""

    full_name: str
    capacity: Capacity
    position: str = ""


@dataclass(frozen=True, slots=True)
class Breach:
    item: Form1Item
    at: datetime | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class BreachOrder:
    """Form 1 by a commission (S-12)."""

    commission: tuple[Signatory, ...]
    breaches: tuple[Breach, ...]
    form: int = 1


@dataclass(frozen=True, slots=True)
class OutsiderOrder:
    """Form 3. ``outsider``: a name, where somebody knows it.

    ``flag_id``: whose frame shows the person; ``enrolled``: the identity photo beside it.
    """

    commission: tuple[Signatory, ...]
    outsider: str = ""
    flag_id: str | None = None
    enrolled: str | None = None
    form: int = 3


@dataclass(frozen=True, slots=True)
class RefusalOrder:
    """Form 2: ``author`` saw, before the witnesses, that the act ``about_id`` was not signed."""

    author: Signatory
    witnesses: tuple[Signatory, ...]
    about_id: str
    form: int = 2


Order = BreachOrder | OutsiderOrder | RefusalOrder


@dataclass(frozen=True, slots=True)
class Face:
    """A picture of form 3, copied to the act's own key."""

    key: str
    region: tuple[float, float, float, float] | None
    taken_at: datetime | None


@dataclass(frozen=True, slots=True)
class Shown:
    """What form 3 and form 2 show beyond the order; ``flag``: as ``act_documents.flag_entry``."""

    enrolled: Face | None = None
    seen: Face | None = None
    about: StoredAct | None = None
    flag: Mapping[str, Any] | None = None


def problems_of(order: Order, least: int) -> dict[str, str]:
    """``least``: how many a commission has (S-12).

    By field: ``people``, ``breaches``, ``outsider``, ``person.0`` …; empty: nothing is wrong.
    """
    return dict(_problems(order, least))


def _problems(order: Order, least: int) -> Iterator[tuple[str, str]]:
    if isinstance(order, RefusalOrder):
        yield from _names((order.author, *order.witnesses))
        if len(order.witnesses) != WITNESSES:
            yield "people", "witnesses"
        return
    yield from _names(order.commission)
    if problem := _commission(order.commission, least):
        yield "people", problem
    if isinstance(order, BreachOrder):
        if not order.breaches:
            yield "breaches", "no_breach"
        if any(len(one.words) > WORDS_LIMIT for one in order.breaches):
            yield "breaches", "too_long"
    elif len(order.outsider) > NAME_LIMIT:
        yield "outsider", "too_long"


def _commission(people: Sequence[Signatory], least: int) -> str:
    """S-12: a proctor, the testing centre, and the dean's office or the students."""
    capacities = {one.capacity for one in people}
    third = capacities & {Capacity.DEAN_OFFICE, Capacity.STUDENT_REPRESENTATIVE}
    whole = {Capacity.PROCTOR, Capacity.TESTING_CENTRE} <= capacities and third
    if len(people) < least:
        return "too_few"
    return "" if whole else "commission"


def _names(people: Sequence[Signatory]) -> Iterator[tuple[str, str]]:
    known: set[str] = set()
    for place, one in enumerate(people):
        name = " ".join(one.full_name.split()).casefold()
        if not name:
            yield f"person.{place}", "name_missing"
        elif name in known:
            yield f"person.{place}", "twice"
        elif max(len(one.full_name), len(one.position)) > NAME_LIMIT:
            yield f"person.{place}", "too_long"
        known.add(name)


def compose_drawn(
    head: ActHead, order: Order, watched: WatchedSitting, shown: Shown, place: Place
) -> dict[str, Any]:
    """The stored document; as that of ``act_documents.compose``."""
    document: dict[str, Any] = {
        "form": order.form,
        "number": head.number,
        "revision": head.revision,
        "made_at": head.made_at.astimezone(place.zone).isoformat(),
        "student": student_of(watched),
    }
    if isinstance(order, BreachOrder):
        document |= _breach(order, watched, place, head)
    elif isinstance(order, OutsiderOrder):
        document |= _outsider(order, watched, shown, place)
    else:
        document |= _refusal(order, shown, place)
    return addressed(document, head.act_id, place)


def _breach(
    order: BreachOrder, watched: WatchedSitting, place: Place, head: ActHead
) -> dict[str, Any]:
    """No recording stands behind it: people do."""
    sitting = watched.sitting
    began = sitting.began_at or sitting.origin or min(watched.exam.opens_at, head.made_at)
    local = began.astimezone(place.zone)
    return {
        "discipline": dict(watched.exam.title),
        "exam_date": local.date().isoformat(),
        "started_at": local.isoformat(),
        "authors": _people(order.commission),
        "noted": [_noted(one, place) for one in order.breaches],
        "evidence": [],
        "recording_digest": "",
        "recording_seconds": 0.0,
        "exam_seconds": 0.0,
        "recording_url": "",
        "gaps": [],
    }


def _outsider(
    order: OutsiderOrder, watched: WatchedSitting, shown: Shown, place: Place
) -> dict[str, Any]:
    return {
        "discipline": dict(watched.exam.title),
        "authors": _people(order.commission),
        "outsider": order.outsider,
        "enrolled": _face(shown.enrolled, place),
        "seen": _face(shown.seen, place),
        "evidence": [{**shown.flag, "comment": ""}] if shown.flag else [],
    }


def _refusal(order: RefusalOrder, shown: Shown, place: Place) -> dict[str, Any]:
    assert shown.about is not None
    return {
        "author": _people([order.author])[0],
        "witnesses": _people(order.witnesses),
        "act_number": shown.about.number,
        "act_date": shown.about.made_at.astimezone(place.zone).date().isoformat(),
    }


def _people(people: Iterable[Signatory]) -> list[Mapping[str, str]]:
    return [
        {
            "full_name": " ".join(one.full_name.split()),
            "capacity": str(one.capacity),
            "position": " ".join(one.position.split()),
        }
        for one in people
    ]


def _noted(one: Breach, place: Place) -> dict[str, Any]:
    at = one.at.astimezone(place.zone).isoformat() if one.at else None
    return {"item": str(one.item), "at": at, "words": one.words.strip()}


def _face(face: Face | None, place: Place) -> dict[str, Any] | None:
    if face is None:
        return None
    taken = face.taken_at.astimezone(place.zone).isoformat() if face.taken_at else None
    return {"key": face.key, "region": face.region, "taken_at": taken}
