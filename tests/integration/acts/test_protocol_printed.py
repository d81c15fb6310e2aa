"""The protocol's and form 4's last page as poppler reads it: no signature stands alone."""

from datetime import UTC, date, datetime

import pytest

from acts.form4_pdf import render_form4_pdf
from acts.protocol import ProtocolDocument, ProtocolVote, render_protocol

pytestmark = pytest.mark.integration
AT = datetime(2026, 11, 23, 4, tzinfo=UTC)


def _protocol(questions: int) -> ProtocolDocument:
    return ProtocolDocument(
        number="15-Б/1",
        made_at=AT,
        order_number="15-Б",
        order_date=date(2026, 11, 2),
        student="Нұрланова Айгерім",
        group="АЖ-25-1",
        discipline="АКТ",
        lodged_at=AT,
        visa_at=AT,
        visa_by="Ибраев Нұржан",
        grounds="7-сұрақ",
        reasons="дәлелді",
        upheld=True,
        points_before=55,
        points_after=61,
        chair="Тұрсынбаева Лаура",
        votes=(ProtocolVote("Тұрсынбаева Лаура", True, ""), ProtocolVote("Ким", False, "жоқ")),
        sheet=tuple((place, True, 50) for place in range(1, questions + 1)),
    )


@pytest.mark.parametrize("questions", [15, 17, 20, 23, 25, 50])
def test_the_signatures_stand_with_the_last_rows_of_the_sheet(text_of, questions):
    pages = text_of(render_protocol(_protocol(questions), "ru")).rstrip("\f").split("\f")
    assert len(pages) == (1 if questions == 15 else 2)
    assert pages[-1].count("0,50") >= 3
    assert pages[-1].count("____________") == 2
    assert "".join(pages).count("0,50") == questions


@pytest.mark.parametrize("rows", [0, 1, 2, *range(8, 14)])
def test_the_footer_of_form_4_stands_with_its_last_rows(make_list, text_of, rows):
    pages = text_of(render_form4_pdf(make_list(rows), "kk")).rstrip("\f").split("\f")
    assert "____________" in pages[-1]
    assert "".join(pages[-1].split()).count("НұрланұлыӘлихан") >= min(rows, 3)
