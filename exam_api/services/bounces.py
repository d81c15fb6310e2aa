"""Mails that came back: reports of non-delivery (RFC 3464), as the sender's mailbox gets them."""

import re
from email import message_from_bytes, message_from_string
from email.message import Message
from typing import Final

from exam_api.domain.errors import InvalidRequest

_OURS: Final = re.compile(r"<([0-9a-f-]{36})\.([0-9a-f-]{36})@")


class BounceUnreadable(InvalidRequest):
    """Not a report that a mail could not be delivered, or not of one that was sent from here."""

    code = "bounce_unreadable"


def bounced(report: bytes) -> tuple[str, str]:
    """Ids of the notice and the person whose mail could not be delivered. BounceUnreadable.

    A report of a delay says nothing yet: the mail server goes on trying.
    """
    message = message_from_bytes(report)
    parts = list(message.walk())
    failed = any(str(part.get("Action", "")).strip().lower() == "failed" for part in parts)
    if message.get_content_type() != "multipart/report" or not failed:
        raise BounceUnreadable
    for part in parts:
        if found := _OURS.match(_returned_id(part)):
            return found[1], found[2]
    raise BounceUnreadable


def _returned_id(part: Message) -> str:
    """The Message-ID of the mail that a part of the report gives back: whole, or its head."""
    content, returned = part.get_payload(), Message()
    if part.get_content_type() == "text/rfc822-headers" and isinstance(content, str):
        returned = message_from_string(content)
    elif part.get_content_type() == "message/rfc822" and isinstance(content, list):
        returned = next((one for one in content if isinstance(one, Message)), returned)
    return str(returned.get("Message-ID", "")).strip()
