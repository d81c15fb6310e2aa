"""A report of ``detection_quality`` as tables, written between two marks of a document."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, cast

BEGIN: Final = "<!-- measured: python -m benchmarks.detection_quality --docs docs/quality.md -->"
END: Final = "<!-- end of what was measured -->"

Json = Mapping[str, object]


def write_tables(document: Path, report: Json) -> None:
    """Raises ValueError where the document lacks the marks."""
    text = document.read_text()
    if BEGIN not in text or END not in text:
        raise ValueError(f"{document}: no marks to write between")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    document.write_text(f"{before}{BEGIN}\n\n{tables(report)}\n{END}{after}")


def tables(report: Json) -> str:
    parts = [*_incidents(report), *_conditions(report), *_aside(report), *_objects(report)]
    return "\n".join([_head(report), "", *parts, *_faces(report)]) + "\n"


def _head(report: Json) -> str:
    models = dict.fromkeys(cast("Sequence[str]", report["models"]))
    people = report.get("people", "no composed session")
    return f"{people}; models {', '.join(models)}; {report['took_s']} s."


def _incidents(report: Json) -> Iterator[str]:
    if "per_kind" not in report:
        return
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
    yield ""


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
        )
        for kind, tally in cast("Mapping[str, Json]", kinds).items()
    )
    yield from _table(
        ("kind", "events", "met", "95 %", "precision", "false", "delay p50 / p95, s"), rows
    )


def _false(outcome: Json) -> str:
    return (
        f"{outcome['false_flags']} false flags in {outcome['hours']} student-hours, most likely "
        f"fewer than {outcome['false_flags_per_hour_below']} an hour; "
        f"{outcome['false_technical_flags']} false technical ones."
    )


def _conditions(report: Json) -> Iterator[str]:
    conditions = cast("Mapping[str, Json]", report.get("conditions", {}))
    if not conditions:
        return
    yield "**Conditions** (met of events, all kinds; faces missed while nothing happens):"
    yield ""
    rows = []
    for name, found in conditions.items():
        kinds = cast("Mapping[str, Json]", found["per_kind"]).values()
        events = sum(cast("int", tally["events"]) for tally in kinds)
        met = sum(
            round(cast("float", tally["recall"]) * cast("int", tally["events"]))
            for tally in kinds
            if tally["recall"] is not None
        )
        missed = _share(found, "face_missed") if "face_missed" in found else "–"
        rows.append((name, f"{met} of {events}", str(found["false_flags"]), missed))
    yield from _table(("condition", "met", "false flags", "face missed"), rows)
    yield ""


def _aside(report: Json) -> Iterator[str]:
    aside = _of(report, "looking_aside")
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
        things = list(_of(next(iter(points.values())), "taken_for_a_phone"))
        rows = [
            (
                f"{point['threshold']} ({key.removeprefix('at_').replace('_', ' ')})",
                *(_share(_of(point, "taken_for_a_phone"), thing) for thing in things),
                _share(point, "false_frames"),
            )
            for key, point in points.items()
        ]

        yield from _table(("threshold", *things, "no object"), rows)
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
