"""Commands: requests for a change that have their effect once, however often they arrive.

The one place that claims idempotency keys. A use case says what its change is and what it answers::

    async def close_till(db: Database, command: Command, till_id: UUID, answer: Answer[Till, M]) -> M:
        async def close(tx: Transaction) -> Till:
            ...
            tx.emit(event, subject_id=str(till.id))
            audit(tx, "payments.till_closed", till_session_id=till.id)
            tx.after_commit(wake)
            return till

        return await execute(db, command, answer, close)

What is remembered is the answer as it went out, so the face (rpc) says in which words a result is told, and
the use case knows no message::

    await close_till(db, command, till_id, Answer(api.CloseResponse, lambda till: api.CloseResponse(...)))

The key is claimed with the BEGIN, in one round trip; effect, events, audit records and the remembered answer
commit together; events have the command's id unless they are given another one. Audit lines are told and
hooks are called after the commit, and never for a replay.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from google.protobuf.message import Message

from chassis.db import Database, Transaction
from chassis.db.idempotency import IdempotencyKey, StoredReply, key_of
from chassis.rpc import current_principal, mark_replayed

FIRST_STEP = "begin"
BEGUN = b""
"""What a first step remembers: that it was taken."""

M = TypeVar("M", bound=Message)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Command:
    """Whose restaurant it concerns, and by which key it is known again. Services add their particulars."""

    tenant: UUID
    key: IdempotencyKey

    @property
    def id(self) -> str:
        """The request_id of the caller: it travels on with the command's events."""
        return self.key.key


@dataclass(frozen=True, slots=True)
class PlatformCommand:
    """A command that concerns no restaurant."""

    key: IdempotencyKey
    tenant: None = None


def command_of(method: str, request: Message) -> Command:
    """The command of a gRPC request, in the restaurant of the caller's token. Raises as key_of."""
    principal = current_principal()
    return Command(principal.tenant, key_of(method, request, principal))


@dataclass(frozen=True, slots=True)
class Answer(Generic[T, M]):
    """In which words a command's result is told: ``tell`` makes the message, which is of type ``reply``."""

    reply: type[M]
    tell: Callable[[T], M]


def in_words(reply: type[M]) -> Answer[M, M]:
    """For a result that is the message itself."""
    return Answer(reply, lambda message: message)


async def execute(
    db: Database,
    command: Command | PlatformCommand,
    answer: Answer[T, M],
    body: Callable[[Transaction], Awaitable[T]],
) -> M:
    """Runs ``body`` in one transaction, exactly once per key; later requests get the first answer, and their
    caller is told that it is one.

    Raises what ``body`` raises (then nothing happened), IdempotencyInFlight, IdempotencyKeyReuse.
    """
    async with db.transaction(command.tenant, claiming=command.key) as tx:
        if tx.stored is not None:
            return _again(answer.reply, tx.stored)
        message = answer.tell(await body(tx))
        tx.remember(message.SerializeToString())
    return message


async def answered(db: Database, command: Command, answer: Answer[Any, M]) -> M | None:
    """What an earlier request with this key was answered: for a command that asks a peer for an effect before
    its own transaction. Claims nothing. Raises IdempotencyInFlight, IdempotencyKeyReuse.
    """
    async with db.transaction(command.tenant, readonly=True) as tx:
        stored = await tx.peek(command.key)
    return None if stored is None else _again(answer.reply, stored)


async def begin(
    db: Database,
    command: Command,
    answer: Answer[Any, M],
    body: Callable[[Transaction, bool], Awaitable[T | None]],
) -> tuple[M | None, T | None]:
    """The first of a command's several transactions, under a key of its own (``execute`` is the last one):
    what an earlier request was answered, or else where the command stands now.

    ``body`` is told whether an earlier request has taken the step, and answers where the command stands; None
    where there is nothing to begin, which is not remembered. It does not run for a command that has its
    answer. Raises as execute: a reused key is refused before any effect.
    """
    async with db.transaction(command.tenant, claiming=command.key.step(FIRST_STEP)) as tx:
        if (stored := await tx.peek(command.key)) is not None:
            return _again(answer.reply, stored), None
        state = await body(tx, tx.stored is not None)
        if state is not None and tx.stored is None:
            tx.remember(BEGUN)
    return None, state


def _again(reply: type[M], stored: StoredReply) -> M:
    mark_replayed()
    return reply.FromString(stored.reply)
