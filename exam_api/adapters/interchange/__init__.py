"""Readers and writers of test files. Nothing of a file is trusted; each raises FileRefused only."""

from collections.abc import Mapping
from typing import Final

from exam_api.adapters.interchange.gift import read_gift, write_gift
from exam_api.adapters.interchange.moodle_xml import read_moodle_xml, write_moodle_xml
from exam_api.adapters.interchange.qti import read_qti
from exam_api.adapters.interchange.qti_writing import write_qti_21, write_qti_30
from exam_api.adapters.interchange.xlsx import read_xlsx, write_xlsx
from exam_api.services.interchange import FileFormat, Reader, Writer

READERS: Final[Mapping[FileFormat, Reader]] = {
    FileFormat.GIFT: read_gift,
    FileFormat.MOODLE_XML: read_moodle_xml,
    FileFormat.QTI_21: read_qti,
    FileFormat.QTI_30: read_qti,
    FileFormat.XLSX: read_xlsx,
}
WRITERS: Final[Mapping[FileFormat, Writer]] = {
    FileFormat.GIFT: write_gift,
    FileFormat.MOODLE_XML: write_moodle_xml,
    FileFormat.QTI_21: write_qti_21,
    FileFormat.QTI_30: write_qti_30,
    FileFormat.XLSX: write_xlsx,
}
