"""act.json: what the act says, for machines; attached to the PDF and covered by its seal."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date

from acts.contracts import ActDocument, EvidenceItem

NAME = "act.json"
FORMAT = "baqylau-act/1"


def _evidence(entry: EvidenceItem) -> Mapping[str, object]:
    """The frame itself stands in the annex; here is its digest."""
    fields = asdict(entry)
    frame = fields.pop("frame_jpeg")
    fields["frame_sha256"] = hashlib.sha256(frame).hexdigest() if frame else None
    return fields


def _plain(value: object) -> str:
    if isinstance(value, date):  # a datetime is a date too
        return value.isoformat()
    raise TypeError(type(value).__name__)


def act_record(document: ActDocument) -> bytes:
    """Canonical JSON: sorted keys, UTF-8, no spaces; equal documents give equal bytes."""
    fields: dict[str, object] = asdict(document)
    fields["evidence"] = [_evidence(entry) for entry in document.evidence]
    fields["format"] = FORMAT
    text = json.dumps(
        fields, default=_plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    return text.encode()
