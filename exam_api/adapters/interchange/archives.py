"""Zip files and XML of strangers: no bombs, no ways out of the archive, no entities."""

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from exam_api.services.interchange import FILE_LIMIT, FileRefused

ENTRIES_LIMIT: Final = 3000
UNPACKED_LIMIT: Final = 60 * 1024 * 1024
_CHUNK: Final = 65_536
_DEPTH_LIMIT: Final = 200
_LINK: Final = 0o120000


def unpacked(data: bytes) -> Mapping[str, bytes]:
    """Path → bytes. FileRefused: too large when unpacked, encrypted, a path that leads out."""
    if len(data) > FILE_LIMIT:
        raise FileRefused("too_large")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _read(archive)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError) as error:
        raise FileRefused("not_a_zip") from error
    except (NotImplementedError, RuntimeError, ValueError, UnicodeError) as error:
        raise FileRefused("unreadable") from error


def _read(archive: zipfile.ZipFile) -> Mapping[str, bytes]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > ENTRIES_LIMIT:
        raise FileRefused("too_many_files")
    found: dict[str, bytes] = {}
    left = UNPACKED_LIMIT
    for entry in entries:
        _require_inside(entry)
        if entry.flag_bits & 0x1:
            raise FileRefused("encrypted")
        # What the archive says of sizes is not believed: what comes out is counted.
        with archive.open(entry) as file:
            pieces = []
            while piece := file.read(_CHUNK):
                left -= len(piece)
                if left < 0:
                    raise FileRefused("too_large")
                pieces.append(piece)
        found[entry.filename] = b"".join(pieces)
    return found


def _require_inside(entry: zipfile.ZipInfo) -> None:
    path = PurePosixPath(entry.filename)
    outside = path.is_absolute() or ".." in path.parts or "\\" in entry.filename
    if outside or ":" in entry.filename or (entry.external_attr >> 16) & 0o170000 == _LINK:
        raise FileRefused("path_leads_out")


def packed(files: Mapping[str, bytes]) -> bytes:
    """The same files give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data)
    return out.getvalue()


def parsed_xml(data: bytes) -> Element:
    """FileRefused where it is no XML, or XML with a document type (XXE, entity bombs)."""
    if len(data) > FILE_LIMIT:
        raise FileRefused("too_large")
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        raise FileRefused("dangerous_xml") from error
    except (ParseError, ValueError, LookupError) as error:
        raise FileRefused("not_xml") from error
    level = [root]
    for _ in range(_DEPTH_LIMIT):
        if not (level := [child for node in level for child in node]):
            return root
    raise FileRefused("too_deep")
