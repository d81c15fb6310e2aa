"""Mail by SMTP, or as ``.eml`` files in a folder where there is no mail server."""

import asyncio
import os
from email.message import EmailMessage
from pathlib import Path
from typing import Literal

import aiosmtplib

from exam_api.services.notices import MailDelayed, MailLogInRefused, MailRefused

Security = Literal["none", "starttls", "tls"]
_PERMANENT = 500  # RFC 5321 §4.2.1: 5yz, the command will not succeed if it is repeated


class SmtpMailer:
    """``sender`` is the envelope's: what the receiving side returns goes there."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        sender: str,
        security: Security,
        user: str = "",
        password: str = "",
        timeout_s: float = 30.0,
    ) -> None:
        self._server = (host, port)
        self._sender = sender
        self._security = security
        self._log_in = (user or None, password or None)
        self._timeout_s = timeout_s

    async def send(self, message: EmailMessage) -> None:
        host, port = self._server
        user, password = self._log_in
        try:
            await aiosmtplib.send(
                message,
                sender=self._sender,
                recipients=[str(message["To"])],
                hostname=host,
                port=port,
                username=user,
                password=password,
                use_tls=self._security == "tls",
                start_tls=self._security == "starttls",
                timeout=self._timeout_s,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _refusal(error.recipients[0].code) from error
        except aiosmtplib.SMTPAuthenticationError as error:
            raise MailLogInRefused from error
        except aiosmtplib.SMTPResponseException as error:
            raise _refusal(error.code) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailDelayed from error


def _refusal(code: int) -> MailRefused | MailDelayed:
    return MailRefused() if code >= _PERMANENT else MailDelayed()


class FolderMailer:
    """One file a mail, named by its Message-ID: sent again it is the same file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, message: EmailMessage) -> None:
        await asyncio.to_thread(self._write, message)

    def _write(self, message: EmailMessage) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        name = str(message["Message-ID"]).strip("<>").partition("@")[0]
        path = self._folder / f"{name}.eml"
        half = path.with_suffix(".part")
        with half.open("wb") as file:
            file.write(message.as_bytes())
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
