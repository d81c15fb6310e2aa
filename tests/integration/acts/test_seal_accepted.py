"""Other programs accept each seal: poppler's pdfsig, and pyHanko's validation of the whole."""

import subprocess
from io import BytesIO

import pytest
from asn1crypto.x509 import Certificate
from cryptography.hazmat.primitives import serialization
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from tests.unit.exam_api_proctoring.test_verifying_hostile import PAPERS, paper

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("kind", PAPERS)
def test_poppler_accepts_it(kind, seal_key, require, tmp_path):
    file = tmp_path / "sealed.pdf"
    file.write_bytes(paper(kind, seal_key, "2026-0001"))
    run = subprocess.run([require("pdfsig"), file], capture_output=True, text=True, check=False)
    assert "Signature is Valid." in run.stdout
    assert "Total document signed" in run.stdout


@pytest.mark.parametrize("kind", PAPERS)
def test_pyhanko_accepts_it(kind, seal_key):
    """With the institution's certificate as the root: intact, whole, unmodified since."""
    root = Certificate.load(seal_key.certificate.public_bytes(serialization.Encoding.DER))
    reader = PdfFileReader(BytesIO(paper(kind, seal_key, "2026-0001")))
    (embedded,) = reader.embedded_signatures
    found = validate_pdf_signature(embedded, ValidationContext(trust_roots=[root]))
    assert found.bottom_line, found.pretty_print_details()
    assert found.coverage is SignatureCoverageLevel.ENTIRE_FILE
    assert found.modification_level is ModificationLevel.NONE
