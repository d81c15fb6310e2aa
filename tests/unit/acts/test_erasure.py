"""The erasure certificate and the accessible twins of papers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from acts.erasure import (
    Erased,
    ErasedItem,
    ErasureCertificate,
    render_erasure,
    render_erasure_html,
)
from acts.errors import DocumentInvalid
from acts.labels import LABELS, label

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CERTIFICATE = ErasureCertificate(
    number="2026-0001",
    made_at=AT,
    about="01a2033a-e1b1-73ad-8cfc-9f8adf83c9e8",
    exam="Деректер қоры теориясы <b>",
    rule="180 күн (сақтау саясаты)",
    began_at=AT - timedelta(minutes=2),
    ended_at=AT,
    items=(
        ErasedItem(Erased.RECORDING, 240, 115_000_000, "9f" * 32),
        ErasedItem(Erased.IDENTITY_PHOTO, 2, 90_000, "0a" * 32),
    ),
    kept="№ 2026-0001 акт: дау мерзімі өткенше.",
)


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_same_certificate_gives_the_same_bytes(language):
    pdf = render_erasure(CERTIFICATE, language)
    assert pdf == render_erasure(CERTIFICATE, language)
    assert pdf.startswith(b"%PDF-1.7")


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_its_page_says_all_that_it_says(language):
    html = render_erasure_html(CERTIFICATE, language).decode()
    for part in ("2026-0001", CERTIFICATE.about, "9f" * 32, "115000000", "240", "&lt;b&gt;"):
        assert part in html
    assert label("erased.recording", language) in html
    assert label("erasure.clock", language) in html
    assert f'<html lang="{language}">' in html


def test_every_kind_has_its_words():
    assert [kind for kind in Erased if f"erased.{kind}" not in LABELS] == []


@pytest.mark.parametrize(
    "change",
    [
        {"items": ()},
        {"items": (ErasedItem(Erased.CLIP, 0, 0, ""),)},
        {"ended_at": AT - timedelta(hours=1)},
        {"made_at": datetime(2026, 1, 1)},  # noqa: DTZ001 - the fault under test
    ],
)
def test_what_proves_no_erasure_is_refused(change):
    for render in (render_erasure, render_erasure_html):
        with pytest.raises(DocumentInvalid):
            render(replace(CERTIFICATE, **change), "kk")
