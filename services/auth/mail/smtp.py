"""Mail through an SMTP server, by the standard library, in a thread of its own."""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from typing import Literal

from services.auth.domain.mail import Letter
from services.auth.mail import SEND_SECONDS, MailRefused, MailUnavailable

Security = Literal["starttls", "tls", "none"]
FINAL = 500
"""Replies from here on are final (RFC 5321 4.2.1)."""
OUR_FAULT = frozenset({530, 534, 535, 538})
"""Final as well, and about our log-in: the letter waits until that is mended."""
IDLE_SECONDS = 10.0
"""For one answer of the server."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where and how. Without a user nobody logs in."""

    host: str
    port: int
    security: Security
    user: str
    password: str


class SmtpMail:
    """Sends from ``sender`` ("Name <address>")."""

    def __init__(self, server: SmtpServer, sender: str) -> None:
        self._server = server
        self._sender = sender

    async def send(self, letter: Letter) -> None:
        """Raises MailRefused for a final reply about this letter, MailUnavailable for everything else."""
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await asyncio.to_thread(self._send, letter)
        except TimeoutError:
            raise MailUnavailable("the SMTP server does not answer in time") from None
        except smtplib.SMTPRecipientsRefused as refusal:
            [(code, _)] = refusal.recipients.values()
            raise _told(code) from None
        except smtplib.SMTPResponseException as refusal:
            raise _told(refusal.smtp_code) from None
        except (smtplib.SMTPNotSupportedError, ValueError):
            # An address that this server, or any, cannot write to.
            raise MailRefused("the address cannot be written to") from None
        except (smtplib.SMTPException, OSError) as trouble:
            raise MailUnavailable(f"the SMTP server is out of reach: {type(trouble).__name__}") from None

    async def close(self) -> None:
        """Nothing is kept open."""

    def _send(self, letter: Letter) -> None:
        server = self._server
        connect = smtplib.SMTP_SSL if server.security == "tls" else smtplib.SMTP
        with connect(server.host, server.port, timeout=IDLE_SECONDS) as smtp:
            if server.security == "starttls":
                smtp.starttls(context=ssl.create_default_context())
            if server.user:
                smtp.login(server.user, server.password)
            smtp.send_message(self._message(letter))

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = letter.recipient
        message["Subject"] = letter.subject
        message["Date"] = formatdate()
        # The same in a repetition, so that a mailbox can show it once.
        message["Message-ID"] = f"<{letter.id}@{self._sender.rpartition('@')[2].rstrip('>')}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        return message


def _told(code: int) -> Exception:
    if code >= FINAL and code not in OUR_FAULT:
        return MailRefused(f"the SMTP server refused it with {code}")
    return MailUnavailable(f"the SMTP server put it off with {code}")
