"""Every way to change a sealed act that we could think of is refused, and the reason is told."""

import random
import re
from collections.abc import Callable
from io import BytesIO

import pytest
from asn1crypto import cms
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PdfFileWriter, copy_into_new_writer
from pyhanko.sign import fields, signers

from acts.form1 import render_act
from acts.seal import SealKey, _Signer, seal
from acts.verify import verify_act

CONTENTS = re.compile(rb"/Contents <([0-9A-F]+)>")
RANGE = re.compile(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\]")


def _flip(pdf: bytes, at: int) -> bytes:
    changed = bytearray(pdf)
    changed[at] ^= 0x01
    return bytes(changed)


def _flip_in(pattern: bytes, shift: int = 0) -> Callable[[bytes], bytes]:
    return lambda pdf: _flip(pdf, pdf.index(pattern) + shift)


def _replace(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(pdf: bytes) -> bytes:
        assert old in pdf
        return pdf.replace(old, new, 1)

    return change


def _contents(pdf: bytes) -> tuple[int, bytes]:
    match = CONTENTS.search(pdf)
    assert match
    return match.start(1), match.group(1)


def _recode(edit: Callable[[cms.SignedData], None]) -> Callable[[bytes], bytes]:
    """Change the signature's envelope and put it back in its place, well formed."""

    def change(pdf: bytes) -> bytes:
        start, digits = _contents(pdf)
        envelope = cms.ContentInfo.load(bytes.fromhex(digits.decode()))
        edit(envelope["content"])
        anew = envelope.dump(force=True).hex().upper().encode()
        return pdf[:start] + anew.ljust(len(digits), b"0") + pdf[start + len(digits) :]

    return change


def _add_unsigned_attribute(content: cms.SignedData) -> None:
    attribute = cms.CMSAttribute({"type": "content_type", "values": ["data"]})
    content["signer_infos"][0]["unsigned_attrs"] = cms.CMSAttributes([attribute])


def _edit_signature(content: cms.SignedData) -> None:
    value = bytearray(content["signer_infos"][0]["signature"].native)
    value[10] ^= 1
    content["signer_infos"][0]["signature"] = bytes(value)


def _double_certificate(content: cms.SignedData) -> None:
    content["certificates"].append(content["certificates"][0])


def _no_certificate(content: cms.SignedData) -> None:
    content["certificates"] = cms.CertificateSet([])


def _no_signer(content: cms.SignedData) -> None:
    content["signer_infos"] = cms.SignerInfos([])


def _two_signers(content: cms.SignedData) -> None:
    content["signer_infos"].append(content["signer_infos"][0])


def _other_version(content: cms.SignedData) -> None:
    content["version"] = "v3"


def _lower_case(pdf: bytes) -> bytes:
    start, digits = _contents(pdf)
    return pdf[:start] + digits.lower() + pdf[start + len(digits) :]


def _used_padding(pdf: bytes) -> bytes:
    start, digits = _contents(pdf)
    assert digits.endswith(b"0000")
    return pdf[: start + len(digits) - 4] + b"BEEF" + pdf[start + len(digits) :]


def _append_revision(pdf: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    writer.root["/Note"] = generic.TextStringObject("x")
    writer.update_root()
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _shadow_page(pdf: bytes) -> bytes:
    """An appended revision that shows the second page in place of the first."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    pages = writer.root["/Pages"]
    kids = pages["/Kids"]
    pages["/Kids"] = generic.ArrayObject([kids.raw_get(1), kids.raw_get(1)])
    writer.update_container(pages)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _rebuilt(pdf: bytes, *, drop_seal: bool) -> bytes:
    """All objects written anew, as «save as» in an editor does."""
    writer: PdfFileWriter = copy_into_new_writer(PdfFileReader(BytesIO(pdf)))
    if drop_seal:
        del writer.root["/AcroForm"]
        del writer.root["/Perms"]
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _stretched_hole(pdf: bytes) -> bytes:
    """The uncovered stretch made wider over changed content, as in ByteRange attacks."""
    match = RANGE.search(pdf)
    assert match
    _, first, second, rest = (int(number) for number in match.groups())
    old = f"[0 {first} {second} {rest}]".encode()
    new = f"[0 {first - 500} {second} {rest}]".encode().ljust(len(old))
    return _flip(pdf.replace(old, new), first - 250)


def _earlier_range(pdf: bytes) -> bytes:
    match = RANGE.search(pdf)
    assert match
    numbers = match.group(0)
    return pdf.replace(numbers, numbers.replace(b"[0 ", b"[1 "))


def _other_record(pdf: bytes) -> bytes:
    """The attached act.json with other bytes of the same length."""
    start = pdf.index(b"stream\n", pdf.index(b"/EmbeddedFile")) + 7
    end = pdf.index(b"endstream", start)
    return pdf[:start] + bytes(reversed(pdf[start:end])) + pdf[end:]


def _pages_swapped(pdf: bytes) -> bytes:
    match = re.search(rb"/Kids \[ (\d+ 0 R) (\d+ 0 R) \]", pdf)
    assert match
    first, second = match.groups()
    swapped = match.group(0).replace(first, b"?").replace(second, first).replace(b"?", second)
    return pdf.replace(match.group(0), swapped, 1)


def _longer_range(pdf: bytes) -> bytes:
    match = RANGE.search(pdf)
    assert match
    *_, rest = match.groups()
    longer = match.group(0).replace(rest, str(int(rest) + 1).encode())
    return pdf.replace(match.group(0), longer, 1)


def _last_xref(pdf: bytes) -> bytes:
    at = pdf.rindex(b"startxref\n") + len(b"startxref\n")
    return _flip(pdf, at)


TAMPERED: dict[str, tuple[Callable[[bytes], bytes], set[str]]] = {
    "flipped in the header": (_flip_in(b"%PDF-1.7", 7), {"content_changed", "unreadable"}),
    "flipped in a page": (_flip_in(b"/MediaBox", 14), {"content_changed"}),
    "flipped in a frame": (_flip_in(b"\xff\xd8\xff", 4000), {"content_changed"}),
    "flipped in the title": (_flip_in(b"/Title", 12), {"content_changed"}),
    "flipped in a stream": (_flip_in(b"stream\n", 60), {"content_changed"}),
    "another language": (_replace(b"/Lang (kk)", b"/Lang (ru)"), {"content_changed"}),
    "another signing time": (_replace(b"20261122123005", b"20261122123006"), {"content_changed"}),
    "changes allowed": (_replace(b"/P 1\n", b"/P 2\n"), {"content_changed"}),
    "flipped in the byte range": (_earlier_range, {"not_covered", "unreadable"}),
    "stretched hole": (_stretched_hole, {"not_covered", "seal_unreadable"}),
    "flipped signature value": (_recode(_edit_signature), {"seal_forged"}),
    "unsigned attribute added": (_recode(_add_unsigned_attribute), {"seal_unreadable"}),
    "certificate doubled": (_recode(_double_certificate), {"unreadable", "seal_unreadable"}),
    "certificate removed": (_recode(_no_certificate), {"seal_unreadable"}),
    "signer removed": (_recode(_no_signer), {"unreadable", "seal_unreadable"}),
    "signer doubled": (_recode(_two_signers), {"unreadable", "seal_unreadable"}),
    "envelope version": (_recode(_other_version), {"seal_unreadable"}),
    "digits in lower case": (_lower_case, {"seal_unreadable"}),
    "something in the padding": (_used_padding, {"not_covered"}),
    "flipped in the seal's picture": (
        _flip_in(b"/XObject\n/Subtype /Form", 60),
        {"content_changed"},
    ),
    "the seal's field renamed": (
        _replace(b"(InstitutionSeal)", b"(InstitutionSeaI)"),
        {"content_changed"},
    ),
    "attached record replaced": (_other_record, {"content_changed", "unreadable"}),
    "attached record renamed": (_replace(b"(act.json)", b"(bct.json)"), {"content_changed"}),
    "page count": (_replace(b"/Count 2", b"/Count 1"), {"content_changed"}),
    "pages in another order": (_pages_swapped, {"content_changed"}),
    "longer byte range": (_longer_range, {"not_covered", "unreadable"}),
    "negative byte range": (
        _replace(b"/ByteRange [0 ", b"/ByteRange [-0"),
        {"not_covered", "unreadable", "content_changed", "seal_unreadable"},
    ),
    "a link in place of the verification page": (
        _replace(b"proctor.example.kz", b"proctor.examp1e.kz"),
        {"content_changed"},
    ),
    "the last cross-reference": (
        _last_xref,
        {"unreadable", "not_covered", "no_seal", "content_changed"},
    ),
    "a line appended": (lambda pdf: pdf + b"\n", {"not_covered"}),
    "garbage appended": (lambda pdf: pdf + b"x" * 3000, {"not_covered", "unreadable"}),
    "something before": (lambda pdf: b"\n" + pdf, {"not_pdf"}),
    "a revision appended": (_append_revision, {"not_covered"}),
    "a page swapped in a revision": (_shadow_page, {"not_covered"}),
    "two acts in one file": (lambda pdf: pdf + pdf, {"not_covered", "unreadable"}),
    "saved anew": (lambda pdf: _rebuilt(pdf, drop_seal=False), {"not_covered", "unreadable"}),
    "saved anew without the seal": (lambda pdf: _rebuilt(pdf, drop_seal=True), {"no_seal"}),
    "seal cut off": (lambda pdf: pdf[: pdf.index(b"%%EOF") + 6], {"no_seal"}),
    "last byte missing": (lambda pdf: pdf[:-1], {"not_covered", "unreadable"}),
    "second half missing": (lambda pdf: pdf[: len(pdf) // 2], {"unreadable"}),
    "first half missing": (lambda pdf: pdf[len(pdf) // 2 :], {"not_pdf"}),
    "empty": (lambda pdf: b"", {"not_pdf"}),
    "text": (lambda pdf: b"hello", {"not_pdf"}),
    "a header only": (lambda pdf: b"%PDF-1.7\n", {"unreadable"}),
    "zeros": (lambda pdf: b"%PDF-1.7\n" + bytes(5000), {"unreadable"}),
}


def test_an_untouched_act_is_intact(sealed, seal_key, make_act):
    found = verify_act(sealed, [seal_key.certificate])
    assert found.intact
    assert found.problems == ()
    assert found.trusted is True
    assert (found.number, found.revision) == ("2026-000123", 1)
    assert found.sealed_at == make_act(1).made_at
    assert found.fingerprint == seal_key.fingerprint
    assert found.self_made
    assert "self-made" in found.signer


def test_without_certificates_integrity_is_answered_and_trust_is_not(sealed):
    found = verify_act(sealed)
    assert found.intact
    assert found.trusted is None


@pytest.mark.parametrize("case", TAMPERED)
def test_a_tampered_act_is_refused(sealed, seal_key, case):
    change, codes = TAMPERED[case]
    changed = change(sealed)
    assert changed != sealed
    found = verify_act(changed, [seal_key.certificate])
    assert not found.intact
    assert set(found.codes) <= codes
    assert found.problems
    assert all(problem.endswith(".") for problem in found.problems)


def test_no_byte_can_be_flipped(sealed):
    """A sample over the whole file, and each byte around the seal, where attacks happen."""
    seal_at = sealed.index(b"/Contents <") - 100
    chosen = {random.Random(place).randrange(len(sealed)) for place in range(60)}
    start, digits = _contents(sealed)
    used = len(digits.rstrip(b"0"))
    chosen |= set(range(seal_at, start + used, 97))
    chosen |= set(range(start + len(digits) - 3, len(sealed), 23))
    unnoticed = [at for at in sorted(chosen) if verify_act(_flip(sealed, at)).intact]
    assert unnoticed == []


def test_a_seal_of_another_key_is_refused_where_one_is_trusted(make_act, other_key, seal_key):
    act = make_act(1)
    forged = seal(render_act(act, "kk"), other_key, act.made_at)
    found = verify_act(forged, [seal_key.certificate])
    assert found.codes == ("other_key",)
    assert found.fingerprint == other_key.fingerprint
    assert not verify_act(forged, []).intact
    assert verify_act(forged).intact  # alone it proves only that nothing changed since


def test_the_seal_of_another_act_is_refused(make_act, seal_key, sealed):
    other = make_act(1, number="2026-000124")
    second = seal(render_act(other, "kk"), seal_key, other.made_at)
    start, digits = _contents(second)
    _, taken = _contents(sealed)
    assert len(taken) == len(digits)
    found = verify_act(second[:start] + taken + second[start + len(digits) :])
    assert found.codes == ("content_changed",)


def _signed_otherwise(pdf: bytes, key: SealKey) -> bytes:
    metadata = signers.PdfSignatureMetadata(
        field_name="Other", md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES
    )
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    return signers.sign_pdf(writer, metadata, signer=_Signer(key)).getvalue()


def test_a_signature_that_allows_changes_is_no_seal(make_act, seal_key):
    pdf = render_act(make_act(1), "kk")
    assert verify_act(_signed_otherwise(pdf, seal_key)).codes == ("not_final",)


def test_a_second_signature_is_refused(make_act, seal_key):
    pdf = render_act(make_act(1), "kk")
    twice = _signed_otherwise(pdf, seal_key)
    writer = IncrementalPdfFileWriter(BytesIO(twice))
    metadata = signers.PdfSignatureMetadata(field_name="Second", md_algorithm="sha256")
    twice = signers.sign_pdf(writer, metadata, signer=_Signer(seal_key)).getvalue()
    assert verify_act(twice).codes == ("many_seals",)


def test_a_sealed_file_that_is_no_act_is_refused(seal_key, make_act):
    writer = PdfFileWriter()
    page = generic.DictionaryObject(
        {
            generic.pdf_name("/Type"): generic.pdf_name("/Page"),
            generic.pdf_name("/MediaBox"): generic.ArrayObject(
                map(generic.NumberObject, (0, 0, 595, 842))
            ),
        }
    )
    writer.insert_page(page)
    out = BytesIO()
    writer.write(out)
    found = verify_act(seal(out.getvalue(), seal_key, make_act(0).made_at))
    assert found.codes == ("not_act",)


def test_reasons_are_told_in_the_readers_language(sealed):
    reasons = {verify_act(sealed + b"\n", language=code).problems for code in ("kk", "ru", "en")}
    assert len(reasons) == 3


def test_the_digest_names_the_file(sealed):
    assert verify_act(sealed).digest != verify_act(sealed + b"\n").digest
    assert len(verify_act(b"").digest) == 64
