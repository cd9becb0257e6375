"""A command and its answer: one effect per idempotency key."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from google.protobuf.message import Message

from chassis.db import Database, Transaction
from chassis.idempotency import IdempotencyKey

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class Command:
    """Whose restaurant it concerns, and by which key it is known again. Its id travels on with its events."""

    tenant: UUID
    key: IdempotencyKey

    @property
    def id(self) -> str:
        """The request_id of the caller."""
        return self.key.key


@dataclass(frozen=True, slots=True)
class Answer(Generic[M]):
    """``replayed``: the command was executed before, this is what it answered then."""

    message: M
    replayed: bool = False


async def execute(
    db: Database, command: Command, reply: type[M], work: Callable[[Transaction], Awaitable[M]]
) -> Answer[M]:
    """Runs ``work`` in one transaction unless the command was executed before."""
    async with db.transaction(command.tenant, claiming=command.key) as tx:
        if stored := await tx.claim(command.key):
            return Answer(reply.FromString(stored.reply), replayed=True)
        message = await work(tx)
        tx.remember(message.SerializeToString())
        return Answer(message)
