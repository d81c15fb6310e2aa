"""A report of ``detection_quality`` as tables, written between two marks of a document."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, cast

BEGIN: Final = "<!-- measured: python -m benchmarks.detection_quality --docs docs/quality.md -->"
END: Final = "<!-- end of what was measured -->"
# What can be measured apart, in the order of the document.
PARTS: Final = ("sessions", "aside", "clips", "pictures", "faces", "sound", "identity")

Json = Mapping[str, object]


def write_tables(document: Path, report: Json) -> None:
    """Parts that the report lacks stay as they are. Raises ValueError where the marks lack."""
    text = document.read_text()
    if BEGIN not in text or END not in text:
        raise ValueError(f"{document}: no marks to write between")
    before, rest = text.split(BEGIN)
    old, after = rest.split(END)
    written = {**_written(old), **tables(report)}
    parts = "\n".join(f"{_mark(name)}\n{written[name]}" for name in PARTS if name in written)
    document.write_text(f"{before}{BEGIN}\n\n{parts}\n{END}{after}")


def _mark(part: str) -> str:
    return f"<!-- part: {part} -->"


def _written(text: str) -> dict[str, str]:
    places = sorted((text.find(_mark(name)), name) for name in PARTS if _mark(name) in text)
    return {
        name: text[place + len(_mark(name)) : end].strip() + "\n"
        for (place, name), (end, _) in pairwise([*places, (len(text), "")])
    }


def tables(report: Json) -> dict[str, str]:
    """Part → its tables; parts that the report lacks, or that tell nothing, are left out."""
    took = cast("Json", report.get("took_s_of", {}))
    made = {name: list(tell(report)) for name, tell in _TOLD.items()}
    return {
        name: "\n".join([*lines, f"Part `{name}`: {took[name]} s."]) + "\n"
        for name, lines in made.items()
        if lines and name in took
    }


def _sessions(report: Json) -> Iterator[str]:
    if "per_kind" not in report:
        return
    models = dict.fromkeys(cast("Sequence[str]", report["models"]))
    yield f"{report['people']}; models {', '.join(models)}."
    yield ""
    yield from _incidents(report)
    yield from _phone_frames(report)
    yield from _conditions(report)


def _incidents(report: Json) -> Iterator[str]:
    yield "**Incidents**, composed sessions:"
    yield ""
    yield from _kinds(_of(report, "per_kind"))
    yield ""
    yield _false(report)
    quiet = _of(report, "calm_sessions")
    yield f"Of it, sessions in which nothing happens: {_false(quiet)}"
    if "wallets_flagged" in report:
        flagged = _share(report, "wallets_flagged")
        yield f"Wallets held up for 4 or 8 s and flagged as a phone: {flagged}."
    if "cases_flagged" in report:
        yield f"Earbuds cases for 6 s, flagged as a phone: {_share(report, 'cases_flagged')}."
    yield ""


def _phone_frames(report: Json) -> Iterator[str]:
    points = cast("Mapping[str, Json]", report.get("phone_frames", {}))
    if points:
        yield "**Frames of composed sessions** taken for a phone (votes of the policy's rule):"
        yield ""
        yield from _points(points, "nothing held")
        yield ""


def _points(points: Mapping[str, Json], without: str) -> Iterator[str]:
    things = list(_of(next(iter(points.values())), "taken_for_a_phone"))
    rows = [
        (
            f"{point['threshold']} ({key.removeprefix('at_').replace('_', ' ')})",
            *(_share(_of(point, "taken_for_a_phone"), thing) for thing in things),
            _share(point, "false_frames"),
        )
        for key, point in points.items()
    ]
    yield from _table(("threshold", *(one.replace("_", " ") for one in things), without), rows)


def _kinds(kinds: Json) -> Iterator[str]:
    rows = (
        (
            f"`{kind}`",
            str(tally["events"]),
            _percent(tally["recall"]),
            _interval(tally["recall_interval_95"]),
            _percent(tally["precision"]),
            str(tally["false_flags"]),
            f"{tally['delay_p50_s']} / {tally['delay_p95_s']}" if tally["recall"] else "–",
            f"{tally['judged_p50_s']} / {tally['judged_p95_s']}" if tally["recall"] else "–",
        )
        for kind, tally in cast("Mapping[str, Json]", kinds).items()
    )
    heads = ("kind", "events", "met", "95 %", "precision", "false")
    yield from _table((*heads, "delay p50 / p95, s", "more than a sign p50 / p95, s"), rows)


def _false(outcome: Json) -> str:
    return (
        f"{outcome['false_flags']} false flags in {outcome['hours']} student-hours "
        f"({outcome['of_them_signs_only']} of them first signs only), most likely "
        f"fewer than {outcome['false_flags_per_hour_below']} an hour; "
        f"{outcome['false_technical_flags']} false technical ones."
    )


def _conditions(report: Json) -> Iterator[str]:
    conditions = cast("Mapping[str, Json]", report.get("conditions", {}))
    if not conditions:
        return
    yield "**Conditions** (met of events; faces missed while nothing happens):"
    yield ""
    rows = []
    for name, found in conditions.items():
        kinds = cast("Mapping[str, Json]", found["per_kind"])
        phones = {kind: tally for kind, tally in kinds.items() if kind == "phone"}
        missed = _share(found, "face_missed") if "face_missed" in found else "–"
        false = str(found["false_flags"])
        rows.append((name, _met(kinds), _met(phones) if phones else "–", false, missed))
    yield from _table(("condition", "all kinds", "phones", "false flags", "face missed"), rows)
    yield ""


def _met(kinds: Mapping[str, Json]) -> str:
    tallies = [tally for tally in kinds.values() if tally["recall"] is not None]
    met = sum(
        round(cast("float", tally["recall"]) * cast("int", tally["events"])) for tally in tallies
    )
    return f"{met} of {sum(cast('int', tally['events']) for tally in kinds.values())}"


def _aside(report: Json) -> Iterator[str]:
    aside = cast("Json", report.get("looking_aside", {}))
    if aside.get("per_kind"):
        yield "**Reading from the side** (eyes held aside; head turned), a glance of 3 s before:"
        yield ""
        yield from _kinds(_of(aside, "per_kind"))
        yield ""


def _objects(report: Json) -> Iterator[str]:
    for folder, found in cast("Mapping[str, Json]", report.get("pictures", {})).items():
        models = ", ".join(cast("Sequence[str]", found["models"]))
        yield f"**Single pictures** taken for a phone, `{folder}`, {models}:"
        yield ""
        points = {key: cast("Json", value) for key, value in found.items() if key.startswith("at_")}
        yield from _points(points, "no object")
        yield ""
        for thing, shown in cast("Mapping[str, Json]", found["in_a_row"]).items():
            flagged = _share(shown, "flagged")
            yield f"A {thing} for 4 s, pictures in a row: flagged as a phone {flagged}."
        yield ""


def _faces(report: Json) -> Iterator[str]:
    faces = cast("Json | None", report.get("faces"))
    if not faces:
        return
    yield f"**Missed faces**, {faces['faces']} photographs put into a room at webcam sizes:"
    yield ""
    names = {
        "missed_by_tone_in_full_light": "measured tone, full light",
        "missed_by_tone_in_a_quarter": "measured tone, a quarter of the light",
        "missed_by_face_luminance_in_a_lit_room": "face luminance, room lit",
        "missed_by_face_luminance": "face luminance, any light",
        "missed_by_face_width": "face width",
    }
    rows = [
        (title, group, _share(_of(faces, key), group))
        for key, title in names.items()
        for group in _of(faces, key)
    ]
    yield from _table(("by", "group", "missed"), rows)
    yield ""


def _sound(report: Json) -> Iterator[str]:
    sound = cast("Json | None", report.get("sound"))
    if not sound:
        return
    sessions = cast("Json | None", sound.get("sessions"))
    if sessions:
        yield f"**Voices under composed sessions** ({sessions['count']} of them):"
        yield ""
        yield from _doings(cast("Mapping[str, Json]", sessions["by_doing"]))
        yield ""
        yield from _kinds(_of(sessions, "per_kind"))
        yield ""
        yield _false(sessions)
        quiet = _of(sessions, "without_voices")
        yield f"Of it, sessions with noises and without voices: {_false(quiet)}"
        yield ""
    yield "**Voices alone**, ten seconds each, flagged by how much they are above pink noise:"
    yield ""
    levels = cast("Mapping[str, Json]", sound["voices_over_a_room"])
    ways = list(next(iter(levels.values())))
    yield from _table(
        ("above the noise", *ways),
        ((level, *(_share(found, way) for way in ways)) for level, found in levels.items()),
    )
    yield ""
    noises = _of(sound, "noises")
    flags = ", ".join(f"{name} {count}" for name, count in _of(noises, "flags").items())
    yield (
        f"**Noises alone**, {noises['hours']} hours, flagged as a voice: {flags}; most likely "
        f"fewer than {noises['false_flags_per_hour_below']} an hour."
    )
    yield ""


def _doings(doings: Mapping[str, Json]) -> Iterator[str]:
    rows = (
        (
            what.replace("_", " "),
            str(found["events"]),
            _percent(found["recall"]),
            _interval(found["recall_interval_95"]),
            f"{found['delay_p50_s']} / {found['delay_p95_s']}" if found["recall"] else "–",
            _told(found),
        )
        for what, found in doings.items()
    )
    heads = (
        "who, where",
        "events",
        "met",
        "95 %",
        "delay p50 / p95, s",
        "lips told right, not told",
    )
    yield from _table(heads, rows)


def _told(found: Json) -> str:
    told = _of(found, "lips_told_right")
    if not found["recall"]:
        return "–"
    right = _share(found, "lips_told_right") if told["of"] else "–"
    return f"{right}, {found['lips_not_told']}"


def _identity(report: Json) -> Iterator[str]:
    identity = cast("Json | None", report.get("identity"))
    if not identity:
        return
    yield f"**Who sits there**, `identity_mismatch`, {identity['people']} people:"
    yield ""
    rows = []
    for what, found in cast("Mapping[str, Json]", identity["by_what"]).items():
        tally = cast("Json | None", next(iter(_of(found, "per_kind").values()), None))
        happens = tally is not None and bool(tally["events"])
        rows.append(
            (
                what.replace("_", " "),
                str(found["sittings"]),
                f"{_percent(tally['recall'])} ({_interval(tally['recall_interval_95'])})"
                if tally is not None and happens
                else "–",
                str(found["false_flags"]),
                f"{tally['delay_p50_s']} / {tally['delay_p95_s']}"
                if tally is not None and tally["recall"]
                else "–",
            )
        )
    yield from _table(("what", "sessions", "met", "false", "delay p50 / p95, s"), rows)
    yield ""


_TOLD: Final[Mapping[str, Callable[[Json], Iterator[str]]]] = {
    "sessions": _sessions,
    "aside": _aside,
    "pictures": _objects,
    "faces": _faces,
    "sound": _sound,
    "identity": _identity,
}


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"| {' | '.join('---' for _ in heads)} |"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _of(found: Json, key: str) -> Json:
    return cast("Json", found[key])


def _share(found: Json, key: str) -> str:
    share = _of(found, key)
    return f"{_percent(share['share'])} ({_interval(share['interval_95'])}, n={share['of']})"


def _percent(share: object) -> str:
    return "–" if share is None else f"{100 * cast('float', share):.3g} %"


def _interval(ends: object) -> str:
    if ends is None:
        return "–"
    low, high = cast("tuple[float, float]", ends)
    return f"{100 * low:.3g}–{100 * high:.3g}"
