"""The accessible twins of forms 2 and 3."""

import hashlib
from collections.abc import Iterator

from acts import values
from acts.contracts import FacePicture, Language, OutsiderDocument, RefusalDocument, Student
from acts.form2 import check_refusal
from acts.form3 import check_outsider
from acts.html_parts import both, form_page, join, link, listed, name, people, person, picture, text
from acts.labels import filled, label


def render_refusal_html(document: RefusalDocument, language: Language) -> bytes:
    """Raises DocumentInvalid."""
    check_refusal(document)
    return form_page(document, _refusal(document, language), language)


def render_outsider_html(document: OutsiderDocument, language: Language) -> bytes:
    """Raises DocumentInvalid."""
    check_outsider(document)
    return form_page(document, _outsider(document, language), language)


def _refusal(document: RefusalDocument, language: Language) -> Iterator[str]:
    days = [values.written_day(document.made_at, code) for code in ("kk", language)]
    yield f"<p>{join(days[0], days[1], language)}</p>"
    yield listed([(both("form2.me", language), person(document.author))])
    yield f"<p>{both('form2.present', language)}</p>"
    yield people(document.witnesses)
    yield listed([(both("form2.certify", language), text(document.student.full_name))])
    yield _place(document.student, "form2.group", language)
    yield f"<p>{both('form2.breach', language)}</p>"
    number = document.act_number or "___"
    said = [
        filled("form2.refused", code, values.act_day(document.act_date, code), number)
        for code in ("kk", language)
    ]
    yield f"<p><strong>{join(said[0], said[1], language)}</strong></p>"
    yield from _verify(document.verify_url, language)


def _outsider(document: OutsiderDocument, language: Language) -> Iterator[str]:
    student = document.student
    yield listed([(both("form1.discipline", language), text(document.discipline))])
    yield f"<p>{both('form3.authors', language)}</p>"
    yield people(document.authors)
    yield listed([(both("form1.student", language), text(student.full_name))])
    yield _place(student, "form3.group", language)
    yield listed(
        [
            (both("form3.instead", language), text(student.full_name)),
            (both("form3.citizen", language), text(document.outsider) or "—"),
        ]
    )
    yield f"<p>{both('form3.fact', language)}</p>"
    yield from _face("form3.enrolled", document.enrolled, document, language)
    yield from _face("form3.seen", document.seen, document, language)
    yield f"<p>{both('form3.resolution', language)}</p>"
    yield listed([(both("form3.resolution_end", language), text(student.full_name))])
    yield from _verify(document.verify_url, language)


def _place(student: Student, group: str, language: Language) -> str:
    fields = (
        ("form1.faculty", student.faculty),
        ("form1.course", student.course),
        (group, student.group),
    )
    return listed((both(key, language), text(value) or "—") for key, value in fields)


def _face(
    key: str, face: FacePicture | None, document: OutsiderDocument, language: Language
) -> Iterator[str]:
    yield f"<h2>{both(key, language)}</h2>"
    if face is None:
        yield f"<p>{both('form3.no_picture', language)}</p>"
        return
    shown = picture(face.jpeg, label(key, language), [face.region] if face.region else [])
    yield shown or f"<p>{both('form3.picture_unreadable', language)}</p>"
    taken = ""
    if face.taken_at is not None:
        taken = f"{values.moment(face.taken_at.astimezone(document.made_at.tzinfo))}; "
    yield f"<p>{taken}SHA-256 {hashlib.sha256(face.jpeg).hexdigest()}</p>"


def _verify(url: str, language: Language) -> Iterator[str]:
    if url:
        yield listed([(name("annex.verify", language), link(url))])
