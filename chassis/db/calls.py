"""A call of one of the schema's functions, whose arguments travel as parameters or in the statement's text.

asyncpg sends a statement with parameters by itself and waits for its answer. Statements without any go
together, in one message: that is how the chassis' own write and the COMMIT are one round trip.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

_PLAIN = re.compile(r"[A-Za-z0-9 .,:/@_-]*")
"""Texts that mean the same in quotes as without, under any setting: most ids, names and keys."""


@dataclass(frozen=True, slots=True)
class Call:
    """``function(arguments)``; ``kinds`` are the Postgres types of its parameters, in turn."""

    function: str
    kinds: tuple[str, ...]
    arguments: tuple[Any, ...]


def with_parameters(calls: Sequence[Call]) -> tuple[str, list[Any]]:
    """One SELECT of all ``calls``, and its arguments. The text is the same for the same functions."""
    texts: list[str] = []
    arguments: list[Any] = []
    for call in calls:
        places = (f"${place}::{kind}" for place, kind in enumerate(call.kinds, len(arguments) + 1))
        texts.append(f"{call.function}({', '.join(places)})")
        arguments += call.arguments
    return f"SELECT {', '.join(texts)}", arguments


def with_literals(calls: Sequence[Call]) -> str:
    """The same SELECT without parameters.

    Bytes, and texts that are not plain, are hexadecimal digits, which leave nothing to escape. A text that
    Postgres does not take (U+0000) is refused by it with the error that it has for a parameter.
    """
    return f"SELECT {', '.join(map(_with_literals, calls))}"


def _with_literals(call: Call) -> str:
    return f"{call.function}({','.join(map(_literal, call.kinds, call.arguments))})"


def _literal(kind: str, value: Any) -> str:
    if value is None:
        return "NULL"
    if kind.endswith("[]"):
        write = _LITERALS[kind[:-2]]
        return f"ARRAY[{','.join(['NULL' if one is None else write(one) for one in value])}]::{kind}"
    return _LITERALS[kind](value)


def _text(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return f"'{value}'"
    return rf"convert_from('\x{value.encode().hex()}', 'UTF8')"


_LITERALS: dict[str, Callable[[Any], str]] = {
    "bytea": lambda value: rf"'\x{value.hex()}'",
    "text": _text,
    "integer": str,
    "timestamptz": lambda value: f"'{value.isoformat()}'",
    "uuid": lambda value: f"'{UUID(int=value.int)}'",
}
