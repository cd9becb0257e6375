"""What auth writes to people, and when a mail that could not be delivered is tried again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from chassis.errors import NotFound, Unavailable
from services.auth.domain.link import LIFE, Purpose

ATTEMPTS_MAX = 10
"""Over about four hours; then a mail has failed."""
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(hours=1)
QUEUE_MAX = 10_000
"""Mails that may wait; beyond, what would send one is refused."""
PER_RECIPIENT_DAY_MAX = 20
"""To one address, whoever causes them: nobody's mailbox is flooded through us."""
ABOUT_CHARS_MAX = 120


class MailQueueFull(Unavailable):
    """So many mails wait for delivery that no more are taken."""


class NoLocalMail(NotFound):
    """Mail leaves this installation; it is not listed."""


class Kind(StrEnum):
    """Why a mail is sent."""

    INVITATION = "invitation"
    RESET = "reset"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the kind of a mail, not a secret


@dataclass(frozen=True, slots=True)
class QueuedMail:
    """A mail that waits. ``about`` is the restaurant's name of an invitation, whose id is ``subject_id``. The
    link is made when it is sent, so that no queue holds a secret.
    """

    id: UUID
    kind: Kind
    recipient: str
    about: str = ""
    subject_id: UUID | None = None
    tenant_id: UUID | None = None
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes out. ``link`` is a secret of the recipient ("" for a mail without one); ``text`` has it in
    it.
    """

    id: UUID
    recipient: str
    subject: str
    text: str
    link: str


def letter_of(mail: QueuedMail, public_url: str, token: str = "") -> Letter:
    """The mail in plain words. It says no more than the recipient needs: no name, no role, no address."""
    about = _one_line(mail.about)
    if mail.kind is Kind.INVITATION:
        link = f"{public_url}/invitation#{token}"
        subject = f"Your invitation to {about}"
        text = (
            f"{about} invites you to work with Fynlo.\n\n"
            f"Accept within {LIFE[Purpose.INVITATION].days} days:\n{link}\n\n"
            "The link works once and is for you alone. If you expect no invitation, do nothing.\n"
        )
    elif mail.kind is Kind.RESET:
        link = f"{public_url}/reset#{token}"
        subject = "Set a new Fynlo password"
        minutes = int(LIFE[Purpose.RESET].total_seconds()) // 60
        text = (
            f"Set a new password within {minutes} minutes:\n{link}\n\n"
            "The link works once and is for you alone. If you did not ask for it, do nothing: your password"
            " stays as it is.\n"
        )
    else:
        link = ""
        subject = "Your Fynlo password was changed"
        text = (
            "Your password was changed, and your other devices were logged out.\n\n"
            f"If that was not you, set a new one at once: {public_url}/login?forgot\n"
        )
    return Letter(mail.id, mail.recipient, subject, text, link)


def next_attempt(attempts: int, now: datetime) -> datetime | None:
    """When a mail is tried again after so many failures; None: it has failed."""
    if attempts >= ATTEMPTS_MAX:
        return None
    return now + min(FIRST_PAUSE * (1 << (attempts - 1)), LONGEST_PAUSE)


def _one_line(text: str) -> str:
    """A restaurant's name cannot write further lines or header fields."""
    clean = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(clean.split())[:ABOUT_CHARS_MAX]
