"""What PDF/A-3b asks of a sealed act, rule by rule (ADR on PDF/A; no validator is at hand)."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from fontTools.ttLib import TTFont
from pyhanko.pdf_utils.generic import Reference
from pyhanko.pdf_utils.reader import PdfFileReader

NAMES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "pdf": "http://ns.adobe.com/pdf/1.3/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "pdfaid": "http://www.aiim.org/pdfa/ns/id/",
}


@pytest.fixture(scope="module")
def reader(sealed) -> PdfFileReader:
    return PdfFileReader(BytesIO(sealed), strict=False)  # not every number is an object's


def _objects(reader: PdfFileReader, **wanted: str) -> Iterator[Any]:
    for number in range(1, int(reader.trailer["/Size"])):
        one = reader.get_object(Reference(number, 0, reader))
        if isinstance(one, dict) and all(one.get(f"/{key}") == f"/{wanted[key]}" for key in wanted):
            yield one


@pytest.fixture(scope="module")
def xmp(reader) -> ET.Element:
    stream = reader.root["/Metadata"]
    assert not stream.get("/Filter")
    return ET.fromstring(stream.data.decode().partition("?>")[2].rpartition("<?")[0])


def _said(xmp: ET.Element, path: str) -> str:
    found = xmp.find(f".//{path}", NAMES)
    assert found is not None
    return "".join(found.itertext())


def test_it_says_which_part_and_level(xmp):
    assert (_said(xmp, "pdfaid:part"), _said(xmp, "pdfaid:conformance")) == ("3", "B")


def test_the_metadata_say_the_same_twice(reader, xmp):
    info = reader.trailer["/Info"]
    for path, key in (
        ("dc:title", "/Title"),
        ("dc:creator", "/Author"),
        ("dc:description", "/Subject"),
        ("pdf:Keywords", "/Keywords"),
        ("pdf:Producer", "/Producer"),
        ("xmp:CreatorTool", "/Creator"),
    ):
        assert _said(xmp, path) == info[key]
    assert _said(xmp, "xmp:CreateDate") == "2026-11-22T07:30:05+00:00"
    assert info["/CreationDate"] == "D:20261122073005+00'00'"
    assert _said(xmp, "dc:language") == reader.root["/Lang"]


def test_colours_have_a_profile(reader):
    (intent,) = reader.root["/OutputIntents"]
    assert intent["/S"] == "/GTS_PDFA1"
    profile = intent["/DestOutputProfile"]
    assert profile["/N"] == 3
    assert profile.data[36:40] == b"acsp"
    assert profile.data[16:20] == b"RGB "


def test_every_face_is_embedded_whole(reader):
    faces = list(_objects(reader, Type="FontDescriptor"))
    assert len(faces) >= 5
    for face in faces:
        assert int(face["/Flags"]) & 4  # symbolic
        font = TTFont(BytesIO(face["/FontFile2"].data))
        assert [(one.platformID, one.platEncID) for one in font["cmap"].tables] == [(1, 0)]
    for font in _objects(reader, Subtype="TrueType"):
        assert "/Encoding" not in font
        assert len(font["/Widths"]) == font["/LastChar"] - font["/FirstChar"] + 1


def test_annotations_are_printed_and_links_have_words(reader):
    links = list(_objects(reader, Type="Annot", Subtype="Link"))
    assert links
    for link in links:
        assert link["/F"] == 4
        assert link["/Contents"] == link["/A"]["/URI"]
    (widget,) = _objects(reader, Subtype="Widget")
    assert int(widget["/F"]) & 4
    assert "/N" in widget["/AP"]


def test_the_attached_data_say_what_they_are(reader):
    attached = reader.root["/AF"][0]
    assert len(reader.root["/AF"]) == 1
    assert attached["/AFRelationship"] == "/Data"
    assert attached["/UF"] == "act.json"
    stream = attached["/EF"]["/UF"]
    assert stream["/Params"]["/ModDate"] == "D:20261122073005Z"


def test_nothing_runs_and_nothing_is_hidden(reader):
    assert "/Encrypt" not in reader.trailer
    assert len(reader.trailer["/ID"]) == 2
    assert "/OpenAction" not in reader.root
    assert not list(_objects(reader, S="JavaScript"))
