"""The grade statement of an exam (ведомость; row 10, S-22)."""

from dataclasses import dataclass
from datetime import date, datetime

from acts import values
from acts.contracts import Language
from acts.paper import Cell, Coded, Number, Paper, Table, render_pdf, render_xlsx
from acts.paper_html import render_html

_COLUMNS = (
    ("statement.no", 9.0),
    ("statement.student", 58.0),
    ("statement.group", 24.0),
    ("statement.rating", 21.0),
    ("statement.exam", 21.0),
    ("statement.final", 21.0),
    ("statement.letter", 17.0),
    ("statement.gpa", 15.0),
    ("statement.remark", 34.0),
)


@dataclass(frozen=True, slots=True)
class StatementRow:
    """Points out of 100; None where there is none. ``remark``: a code such as ``absent``."""

    student: str
    group: str
    rating: int | None
    exam: int | None
    final: int | None
    letter: str
    gpa: float | None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class StatementDocument:
    """``draft`` until the day after the exam, when the statement is made."""

    made_at: datetime
    exam_date: date
    code: str
    discipline: str
    department: str
    rating_share: int
    rows: tuple[StatementRow, ...]
    draft: bool = False


def render_statement_pdf(document: StatementDocument, language: Language) -> bytes:
    return render_pdf(_paper(document), language)


def render_statement_xlsx(document: StatementDocument, language: Language) -> bytes:
    return render_xlsx(_paper(document), language)


def render_statement_html(document: StatementDocument, language: Language) -> bytes:
    """The accessible twin. Raises DocumentInvalid."""
    return render_html(_paper(document), language)


def _paper(document: StatementDocument) -> Paper:
    graded = [row.final for row in document.rows if row.final is not None]
    mean = Number(sum(graded) / len(graded), 1) if graded else None
    share = document.rating_share
    return Paper(
        name="statement.name",
        made_at=document.made_at,
        fields=(
            ("statement.discipline", f"{document.code} {document.discipline}"),
            ("statement.department", document.department or None),
            ("statement.date", values.day(document.exam_date)),
            ("statement.shares", f"{share} % + {100 - share} %"),
            ("statement.count", len(document.rows)),
            ("statement.mean", mean),
        ),
        blocks=(Table(_COLUMNS, tuple(_cells(*row) for row in enumerate(document.rows, 1))),),
        signatures=(("statement.teacher", ""), ("statement.registrar", "")),
        draft=document.draft,
        landscape=True,
    )


def _cells(place: int, row: StatementRow) -> tuple[Cell, ...]:
    return (
        place,
        row.student,
        row.group,
        row.rating,
        row.exam,
        row.final,
        row.letter or None,
        None if row.gpa is None else Number(row.gpa),
        Coded(f"remark.{row.remark}") if row.remark else "",
    )
