"""A call of one of the schema's functions, whose arguments travel as parameters or in the statement's text.

asyncpg sends a statement with parameters by itself and waits for its answer. Statements without any go
together, in one message: that is how the chassis' own write and the COMMIT are one round trip.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

PLAIN_ARGUMENT_BYTES = 16
"""What any argument counts that is no text, no bytes and no list of them."""


@dataclass(frozen=True, slots=True)
class Call:
    """``function(arguments)``; ``kinds`` are the Postgres types of its parameters, in turn."""

    function: str
    kinds: tuple[str, ...]
    arguments: tuple[Any, ...]


def with_parameters(calls: Sequence[Call]) -> tuple[str, list[Any]]:
    """One SELECT of all ``calls``, and its arguments. The text is the same for the same functions."""
    texts, arguments = [], []
    for call in calls:
        places = (f"${place}::{kind}" for place, kind in enumerate(call.kinds, len(arguments) + 1))
        texts.append(f"{call.function}({', '.join(places)})")
        arguments += call.arguments
    return f"SELECT {', '.join(texts)}", arguments


def with_literals(calls: Sequence[Call]) -> str:
    """The same SELECT without parameters.

    Texts and bytes are hexadecimal digits, which leave nothing to escape. A text that Postgres does not take
    (U+0000) is refused by it with the error that it has for a parameter.
    """
    return f"SELECT {', '.join(map(_with_literals, calls))}"


def size(calls: Sequence[Call]) -> int:
    """About how many bytes the arguments are: what decides between the two ways."""
    return sum(_size(call.arguments) for call in calls)


def _with_literals(call: Call) -> str:
    values = zip(call.kinds, call.arguments, strict=True)
    return f"{call.function}({', '.join(_literal(kind, value) for kind, value in values)})"


def _literal(kind: str, value: Any) -> str:
    if value is None:
        return "NULL"
    if kind.endswith("[]"):
        return f"ARRAY[{', '.join(_literal(kind[:-2], one) for one in value)}]::{kind}"
    return _LITERALS[kind](value)


_LITERALS: dict[str, Callable[[Any], str]] = {
    "bytea": lambda value: rf"'\x{value.hex()}'::bytea",
    "text": lambda value: rf"convert_from('\x{value.encode().hex()}', 'UTF8')",
    "timestamptz": lambda value: f"'{value.isoformat()}'::timestamptz",
    "uuid": lambda value: f"'{UUID(int=value.int)}'::uuid",
}


def _size(value: Any) -> int:
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, list | tuple):
        return sum(map(_size, value))
    return PLAIN_ARGUMENT_BYTES
