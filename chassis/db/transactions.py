"""Transactions on Postgres: one use case is one transaction, and only this module commits.

A transaction costs two round trips beside the statements of its use case: BEGIN with the tenant (and the
claim of a command's idempotency key), and COMMIT with everything that the chassis has to write (events, the
remembered reply, audit records). Above COMMIT_TEXT_MAX_CHARACTERS the COMMIT goes by itself.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias
from uuid import UUID

import asyncpg
import structlog
from google.protobuf.message import Message
from prometheus_client import Histogram

from chassis.clock import Clock
from chassis.db.audit_records import PendingRecord, append_call
from chassis.db.calls import Call, with_literals, with_parameters
from chassis.db.connections import connection_options, keep_session, prepare_connection
from chassis.db.errors import UNREACHABLE, raise_translated, unavailable
from chassis.db.idempotency import (
    CLAIM,
    CLAIMED,
    MAX_REPLY_BYTES,
    IdempotencyKey,
    StoredReply,
    claim_new,
    stored_reply,
)
from chassis.errors import Unavailable
from chassis.messaging.outbox import PendingEvent, commit_calls, pending_event

ACQUIRE_TIMEOUT_SECONDS = 2.0
CLOSE_TIMEOUT_SECONDS = 10.0
SLOW_TRANSACTION_SECONDS = 0.5
WARM_CONNECTIONS = 2
COMMIT_TEXT_MAX_CHARACTERS = 12_000
"""Reading a text costs the server more than a parameter does, from here on more than a message saved."""

Isolation = Literal["read_committed", "repeatable_read"]
Record: TypeAlias = asyncpg.Record

_log = structlog.get_logger(__name__)
_inside: ContextVar[bool] = ContextVar("fynlo_inside_transaction", default=False)
_seconds = Histogram(
    "fynlo_db_transaction_seconds",
    "From BEGIN to the end of COMMIT or ROLLBACK",
    ["schema"],
    buckets=(0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.125, 0.25, 0.5, 1, 2, 5),
)


def in_transaction() -> bool:
    """Whether the running task is inside a ``transaction()`` block, where no network call may be made."""
    return _inside.get()


class Transaction:
    """One open transaction. Statements use asyncpg's ``$1`` parameters; names resolve in the service's
    schema.

    Errors of the database leave the ``transaction()`` block as Unavailable (DATABASE_UNAVAILABLE,
    DATABASE_BUSY, DATABASE_TIMEOUT) or ConcurrentUpdate; constraint violations leave it unchanged, for the
    store to name.
    """

    __slots__ = (
        "_connection",
        "_events",
        "_hooks",
        "_key",
        "_records",
        "_reply",
        "_schema",
        "command_id",
        "stored",
        "tenant",
    )

    def __init__(self, schema: str, tenant: UUID | None, claiming: IdempotencyKey | None) -> None:
        self.tenant = tenant
        self.command_id = None if claiming is None else claiming.key
        """That of its events unless they are given another one; at first that of the claimed key."""
        self.stored: StoredReply | None = None
        """What the first execution under the claimed key answered; None: it is new."""
        self._connection: Any = None
        self._schema = schema
        self._events: list[PendingEvent] = []
        self._hooks: list[Callable[[], None]] = []
        self._key = claiming
        self._records: list[PendingRecord] = []
        self._reply: bytes | None = None

    async def fetch(self, sql: str, *args: object) -> list[Record]:
        """All rows."""
        rows: list[Record] = await self._connection.fetch(sql, *args)
        return rows

    async def fetchrow(self, sql: str, *args: object) -> Record | None:
        """The first row, None without one."""
        row: Record | None = await self._connection.fetchrow(sql, *args)
        return row

    async def fetchval(self, sql: str, *args: object) -> Any:
        """The first column of the first row, None without one."""
        return await self._connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: object) -> str:
        """The command tag, for instance ``UPDATE 1``."""
        tag: str = await self._connection.execute(sql, *args)
        return tag

    async def executemany(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """One statement for every row of arguments, pipelined."""
        await self._connection.executemany(sql, rows)

    def emit(
        self, event: Message, *, subject_id: str, channels: Sequence[str] = (), command_id: str | None = None
    ) -> None:
        """Publishes ``event`` if, and only if, this transaction commits.

        It is given a position on the tenant's channels that its contract declares, or on these ``channels``
        (short names). Raises ValueError for an event that could not be published (see outbox.pending_event).
        """
        command_id = command_id or self.command_id
        self._events.append(pending_event(self._schema, self.tenant, event, subject_id, channels, command_id))

    def record(self, record: PendingRecord) -> None:
        """Keeps an audit record if, and only if, this transaction commits; see chassis.audit."""
        self._records.append(record)
        self.after_commit(record.tell)

    def after_commit(self, hook: Callable[[], None]) -> None:
        """Calls ``hook`` once this transaction has committed, before its block is left; in turn with others.

        For what the process itself learns (wake a loop, forget a copy): a process that dies in between calls
        none, so what must not be lost is written in the transaction. A hook that fails is logged.
        """
        self._hooks.append(hook)

    async def peek(self, key: IdempotencyKey) -> StoredReply | None:
        """What the first execution under ``key`` answered; None: there was none. Nothing is remembered.

        Raises IdempotencyInFlight (409) and IdempotencyKeyReuse (422).
        """
        return stored_reply(key, await self._connection.fetchrow(CLAIM, key.scope, key.key))

    def remember(self, reply: bytes) -> None:
        """The reply that later requests with the claimed key get. At most MAX_REPLY_BYTES.

        A claim without one ends with the transaction, and leaves the key free.
        """
        if self._key is None:
            raise RuntimeError("remember() needs a claimed key")
        if len(reply) > MAX_REPLY_BYTES:
            raise ValueError(f"a reply of {len(reply)} bytes is too large to remember")
        self._reply = reply

    async def _begin(self, connection: Any, begin: str) -> None:
        """Begins, and claims the key if it is new. Without parameters asyncpg sends all statements in one
        message: one round trip. Where the key is not new, a second one tells why.
        """
        self._connection = connection
        if self._key is None:
            await connection.execute(begin)
        elif await connection.execute(f"{begin}; {claim_new(self._key)}") != CLAIMED:
            self.stored = await self.peek(self._key)
            self._key = self._key if self.stored is None else None

    def _calls(self, clock: Clock) -> list[Call]:
        """What the chassis has to write at the end."""
        key = None if self._reply is None else self._key
        if not self._events and key is None and not self._records:
            return []
        if self._key is not key:
            raise RuntimeError("what is done under a claimed key needs a remembered reply")
        now = clock.now()
        calls = commit_calls(now, self._events, key, self._reply)
        if self._records:
            calls.append(append_call(now, self._records))
        return calls

    def _text(self, calls: list[Call]) -> str:
        """What writes ``calls``, without parameters; empty where that is too long, or plainly will be."""
        content = sum(len(event.payload) for event in self._events)
        if not calls or 2 * content > COMMIT_TEXT_MAX_CHARACTERS:
            return ""
        text = with_literals(calls)
        return text if len(text) <= COMMIT_TEXT_MAX_CHARACTERS else ""

    async def _write_records(self, calls: list[Call]) -> None:
        if calls:
            sql, arguments = with_parameters(calls)
            await self._connection.fetchval(sql, *arguments)


class Database:
    """The connections of one service to its schema."""

    def __init__(self, pool: Any, url: str, schema: str, clock: Clock) -> None:
        self.url = url
        self.schema = schema
        self.clock = clock
        self._pool = pool
        self._emitted: list[Callable[[], None]] = []
        self._seconds = _seconds.labels(schema)

    @classmethod
    async def connect(cls, url: str, *, schema: str, clock: Clock, pool_size: int = 10) -> Self:
        """Opens a pool of at most ``pool_size`` connections. Raises Unavailable while Postgres is not
        there.
        """
        try:
            pool = await asyncpg.create_pool(
                url,
                min_size=min(WARM_CONNECTIONS, pool_size),
                max_size=pool_size,
                init=prepare_connection,
                reset=keep_session,
                **connection_options(schema),
            )
        except UNREACHABLE as error:
            raise unavailable() from error
        return cls(pool, url, schema, clock)

    def transaction(
        self,
        tenant: UUID | None,
        *,
        isolation: Isolation = "read_committed",
        readonly: bool = False,
        claiming: IdempotencyKey | None = None,
    ) -> "TransactionBlock":
        """``async with db.transaction(restaurant_id) as tx``: commits at the end, rolls back on an exception.

        ``tenant`` None sees no row of any restaurant. ``claiming`` claims a key with the first message: see
        ``tx.stored`` and ``chassis.db.commands``, which is how use cases do it. Raises RuntimeError inside
        another transaction, IdempotencyInFlight (409) and IdempotencyKeyReuse (422).
        """
        begin = _begin(tenant, isolation, readonly)
        return TransactionBlock(self, begin, Transaction(self.schema, tenant, claiming))

    def on_emitted(self, wake: Callable[[], None]) -> None:
        """Calls ``wake`` after every commit that wrote an event: how the relay learns of work at once."""
        self._emitted.append(wake)

    async def check(self) -> None:
        """Runs a statement, for readiness. Raises Unavailable where none can be run."""
        async with self.transaction(None, readonly=True) as tx:
            await tx.fetchval("SELECT 1")

    async def close(self) -> None:
        """Waits for running transactions up to CLOSE_TIMEOUT_SECONDS, then ends their connections."""
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_SECONDS):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()


class TransactionBlock:
    """The ``async with`` of one transaction. A class, not a generator: it is on every hot path."""

    __slots__ = ("_begin", "_connection", "_database", "_marker", "_started", "_transaction")

    _connection: Any
    _marker: Token[bool]
    _started: float

    def __init__(self, database: Database, begin: str, transaction: Transaction) -> None:
        self._database = database
        self._begin = begin
        self._transaction = transaction

    async def __aenter__(self) -> Transaction:
        if _inside.get():
            raise RuntimeError("a transaction inside a transaction: one use case is one transaction")
        pool = self._database._pool
        try:
            async with asyncio.timeout(ACQUIRE_TIMEOUT_SECONDS):
                self._connection = await pool.acquire()
        except TimeoutError as error:
            raise Unavailable("Every database connection is in use.", reason="DATABASE_BUSY") from error
        except UNREACHABLE as error:
            raise unavailable() from error
        self._started = time.perf_counter()
        try:
            await self._transaction._begin(self._connection, self._begin)
        except BaseException as error:
            await self._rollback(answered=not isinstance(error, asyncio.CancelledError))
            await self._release()
            raise_translated(error)
        self._marker = _inside.set(True)
        return self._transaction

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _inside.reset(self._marker)
        failure, emitted = error, False
        try:
            if failure is None:
                try:
                    emitted = await self._commit()
                except BaseException as raised:
                    failure = raised
            if failure is not None:
                await self._rollback()
        finally:
            await self._release()
            self._measure()
        if failure is not None:
            raise_translated(failure, unless=error)
            return
        for hook in self._transaction._hooks:
            try:
                hook()
            except Exception:  # what is committed is done, whatever becomes of the news
                _log.exception("after_commit_failed")
        if emitted:
            for wake in self._database._emitted:
                wake()

    async def _commit(self) -> bool:
        """True where an event was written."""
        calls, commit = self._transaction._calls(self._database.clock), "COMMIT"
        if text := self._transaction._text(calls):
            commit = f"{text}; COMMIT"
        else:
            await self._transaction._write_records(calls)
        if await self._connection.execute(commit) != "COMMIT":
            # Postgres answers COMMIT with ROLLBACK when a statement had failed and its error was caught.
            raise RuntimeError("a statement of this transaction had failed: nothing was committed")
        return bool(self._transaction._events)

    async def _rollback(self, *, answered: bool = True) -> None:
        try:
            if not answered:
                # Cancelled while it began: only after another answer is it known whether it did.
                await self._connection.execute("SELECT")
            # Asking raises too: asyncpg takes a connection that the server ended away from its holder.
            if self._connection.is_in_transaction():
                await self._connection.execute("ROLLBACK")
        except (*UNREACHABLE, asyncpg.PostgresError) as error:
            _log.warning("rollback_failed", error=repr(error))
            with contextlib.suppress(asyncpg.InterfaceError):
                self._connection.terminate()  # its end rolls back

    async def _release(self) -> None:
        try:
            await self._database._pool.release(self._connection)
        except UNREACHABLE as error:
            _log.warning("release_failed", error=repr(error))

    def _measure(self) -> None:
        seconds = time.perf_counter() - self._started
        self._database._seconds.observe(seconds)
        if seconds > SLOW_TRANSACTION_SECONDS:
            _log.warning("slow_transaction", seconds=round(seconds, 3), schema=self._database.schema)


def _begin(tenant: UUID | None, isolation: Isolation, readonly: bool) -> str:
    level = "REPEATABLE READ" if isolation == "repeatable_read" else "READ COMMITTED"
    access = "READ ONLY" if readonly else "READ WRITE"
    # A UUID prints as hexadecimal digits and dashes only: nothing to escape.
    setting = "" if tenant is None else str(UUID(int=tenant.int))
    return (
        f"BEGIN ISOLATION LEVEL {level} {access}; SELECT set_config('app.restaurant_id', '{setting}', true)"
    )
