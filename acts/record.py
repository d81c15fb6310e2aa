"""What a form says, for machines: attached to the PDF and covered by its seal."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date

from acts.contracts import ActDocument, Form4Document, OutsiderDocument, RefusalDocument

NAME = "act.json"
FORMAT = "baqylau-act/1"
FORM_4_NAME = "form4.json"
FORM_4_FORMAT = "baqylau-form4/1"
PROTOCOL_NAME = "protocol.json"
PROTOCOL_FORMAT = "baqylau-protocol/1"
# Left out where they say nothing: acts of earlier versions keep their bytes.
_LATER: Mapping[str, object] = {"recorded_until_ms": None, "exam": None, "lasting": False}
AnyAct = ActDocument | RefusalDocument | OutsiderDocument


def _digested(value: object) -> object:
    """The pictures themselves stand in the PDF; here are their digests."""
    if isinstance(value, dict):
        said = {
            key: inner for key, inner in value.items() if key not in _LATER or inner != _LATER[key]
        }
        return dict(_entry(key, inner) for key, inner in said.items())
    if isinstance(value, list | tuple):
        return [_digested(inner) for inner in value]
    return value


def _entry(key: str, value: object) -> tuple[str, object]:
    if key.endswith("jpeg"):
        assert value is None or isinstance(value, bytes)
        return key.replace("jpeg", "sha256"), hashlib.sha256(value).hexdigest() if value else None
    return key, _digested(value)


def _plain(value: object) -> str:
    if isinstance(value, date):  # a datetime is a date too
        return value.isoformat()
    raise TypeError(type(value).__name__)


def act_record(document: AnyAct) -> bytes:
    """Canonical JSON: sorted keys, UTF-8, no spaces; equal documents give equal bytes."""
    fields = {"form": document.form, "format": FORMAT, **asdict(document)}
    if isinstance(document, OutsiderDocument) and not document.evidence:
        del fields["evidence"]  # as in earlier versions
    return _canonical(fields)


def form4_record(document: Form4Document) -> bytes:
    """As ``act_record``, of form 4."""
    return _canonical({"form": 4, "format": FORM_4_FORMAT, **asdict(document)})


def protocol_record(fields: Mapping[str, object]) -> bytes:
    """As ``act_record``, of an appeal's protocol."""
    return _canonical({"format": PROTOCOL_FORMAT, **fields})


def _canonical(fields: dict[str, object]) -> bytes:
    text = json.dumps(
        _digested(fields), default=_plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    return text.encode()
