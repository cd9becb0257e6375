"""The port through which mail leaves, and its adapters: ``local``, ``smtp``, ``resend``.

An adapter sends one letter or says why not. It never retries: the queue does.
"""

from typing import Protocol

from services.auth.domain.mail import Letter

SEND_SECONDS = 15.0
"""How long one letter may take."""


class MailRefused(Exception):
    """This letter will never be taken; the message says why, without its content."""


class MailUnavailable(Exception):
    """Not now: the network, the server or its limits. The same letter may be taken later."""


class MailPort(Protocol):
    """What auth needs of mail."""

    async def send(self, letter: Letter) -> None:
        """Returns when the letter was taken. Raises MailRefused or MailUnavailable."""
        ...

    async def close(self) -> None:
        """Lets go of connections."""
        ...
