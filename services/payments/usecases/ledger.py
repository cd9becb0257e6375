"""The ledger: booking what a till does, and the balance of the accounts."""

from datetime import date, datetime
from uuid import UUID

from chassis.db import Database, Transaction
from services.payments.domain.actor import Actor
from services.payments.domain.ledger import AccountBalance, Entry, Posting
from services.payments.domain.till import TillSession
from services.payments.store import ledger
from services.payments.usecases.restaurant import restaurant_of


async def book(
    tx: Transaction, kind: str, session: TillSession, at: datetime, actor: Actor, entries: tuple[Entry, ...]
) -> None:
    """Books what a till did, on the business date of ``at``. Raises CopyMissing."""
    restaurant = await restaurant_of(tx)
    day = restaurant.business_date(at)
    await ledger.record_posting(tx, Posting(kind, session.id, session.currency_code, day, at, actor, entries))


async def get_trial_balance(db: Database, restaurant_id: UUID, day: date | None) -> list[AccountBalance]:
    """Debits and credits per account, of one business date or of all time."""
    async with db.transaction(restaurant_id, readonly=True) as tx:
        return await ledger.trial_balance(tx, day)
