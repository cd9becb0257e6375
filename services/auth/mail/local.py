"""Mail that stays on this machine: kept in the database, shown on the gateway's page /outbox, and told in the
log with its link. For development only: whoever sees either can act for the recipient.
"""

from chassis.db import Database
from chassis.telemetry import get_logger
from services.auth.domain.mail import Letter
from services.auth.store import mail

_log = get_logger("mail")


class LocalMail:
    """Keeps letters in ``db``."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def send(self, letter: Letter) -> None:
        """Keeps the letter."""
        async with self._db.transaction(None) as tx:
            await mail.keep_locally(tx, letter, self._db.clock.now())
        _log.info(f"mail to {letter.recipient}: {letter.subject}", open=letter.link or "/outbox")

    async def close(self) -> None:
        """Nothing to let go of: the database is the service's."""
