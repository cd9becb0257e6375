"""What a use case and its caller see of the errors of Postgres and asyncpg."""

import asyncpg

from chassis.db.idempotency import IdempotencyInFlight
from chassis.errors import Conflict, InvalidArgument, Unavailable

IDEMPOTENCY_CONSTRAINT = "idempotency_pkey"


class ConcurrentUpdate(Conflict):
    """Another transaction changed or holds the same rows; nothing happened, the same request may be sent
    again.
    """

    reason = "CONCURRENT_UPDATE"


_LOST: tuple[type[Exception], ...] = (
    ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    # What asyncpg raises when the server ended the session between two statements.
    asyncpg.InternalClientError,
)
UNREACHABLE: tuple[type[Exception], ...] = (*_LOST, OSError, asyncpg.InterfaceError)
"""What asyncpg raises where there is no connection, or none any more."""
_GONE = ("closed", "released back to the pool")
# U+0000 is valid UTF-8 and no text that Postgres takes, plain or in JSON.
_UNSTORABLE = (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)
_CONTENDED = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError)


def unavailable() -> Unavailable:
    """What a caller learns of a database that is not there."""
    return Unavailable("The database does not answer.", reason="DATABASE_UNAVAILABLE")


def raise_translated(error: BaseException, unless: BaseException | None = None) -> None:
    """Raises what a caller shall see of ``error``; nothing where that is ``unless``, which is on its way
    already.
    """
    seen = _translated(error)
    if seen is not error:
        raise seen from error
    if error is not unless:
        raise error


def _translated(error: BaseException) -> BaseException:
    if isinstance(error, _CONTENDED):
        return ConcurrentUpdate(
            "Somebody else is changing the same thing.", metadata={"retry_after_seconds": "1"}
        )
    if isinstance(error, _UNSTORABLE):
        return InvalidArgument("A text holds a character that cannot be stored.", reason="INVALID_TEXT")
    if isinstance(error, asyncpg.QueryCanceledError):
        return Unavailable("A statement took too long.", reason="DATABASE_TIMEOUT")
    if isinstance(error, asyncpg.UniqueViolationError) and error.constraint_name == IDEMPOTENCY_CONSTRAINT:
        return IdempotencyInFlight()
    if isinstance(error, _LOST):
        return unavailable()
    if isinstance(error, asyncpg.InterfaceError) and any(word in str(error) for word in _GONE):
        return unavailable()
    return error
