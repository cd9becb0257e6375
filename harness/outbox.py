"""What the relay's leader does to the outbox, for tests in which none runs."""

from chassis.db import Database

NUMBER = "SELECT outbox_number((SELECT generation FROM outbox_state), 100000)"


async def number_events(db: Database) -> None:
    """Gives every committed event its positions, as the leader does before it publishes."""
    async with db.transaction(None) as tx:
        await tx.fetchval(NUMBER)
