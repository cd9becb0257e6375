"""How a connection to Postgres is opened: limits, schema, and what its columns are in Python."""

from typing import Any

import orjson

CONNECT_TIMEOUT_SECONDS = 5.0
STATEMENT_TIMEOUT_MS = 5_000
LOCK_TIMEOUT_MS = 2_000
IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000
STATEMENT_CACHE_SIZE = 512


def connection_options(schema: str) -> dict[str, Any]:
    """How every connection of a service is opened: limits and schema travel in the start-up message."""
    return {
        "timeout": CONNECT_TIMEOUT_SECONDS,
        "statement_cache_size": STATEMENT_CACHE_SIZE,
        "max_cached_statement_lifetime": 0,
        "server_settings": {
            "search_path": schema,
            "application_name": f"fynlo-{schema}",
            "statement_timeout": str(STATEMENT_TIMEOUT_MS),
            "lock_timeout": str(LOCK_TIMEOUT_MS),
            "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_TIMEOUT_MS),
            "timezone": "UTC",
            "jit": "off",
            # Statements are prepared once and take whole arrays; planning them anew for the arrays at hand
            # costs more than such a plan would save.
            "plan_cache_mode": "force_generic_plan",
        },
    }


async def prepare_connection(connection: Any) -> None:
    """json and jsonb columns are Python values on both sides."""
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=_dumped, decoder=orjson.loads)


def _dumped(value: Any) -> str:
    return orjson.dumps(value).decode()


async def keep_session(connection: Any) -> None:
    """Nothing to reset: tenant, locks and settings all end with their transaction. Saves a round trip."""
