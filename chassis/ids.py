"""Identifiers: UUID version 7 (RFC 9562), so that keys made one after another are neighbours in an index."""

import hashlib
import secrets
import threading
import time
from uuid import UUID

from chassis.errors import InvalidArgument

_COUNTER_BITS = 42  # rand_a (12 bits) and the top 30 bits of rand_b count within one millisecond
_TAIL_BITS = 32
_SEED_BITS = 41  # one bit below the counter's width, so that a millisecond has 2^41 ids before it overflows

_lock = threading.Lock()
_last_ms = 0
_counter = 0


def new_id() -> UUID:
    """A new UUIDv7, larger than every one this process made before, also when the wall clock steps back.

    Safe to call from several threads.
    """
    global _last_ms, _counter
    now_ms = time.time_ns() // 1_000_000
    with _lock:
        if now_ms > _last_ms:
            _last_ms, _counter = now_ms, secrets.randbits(_SEED_BITS)
        else:
            _counter += 1
            if _counter >> _COUNTER_BITS:
                _last_ms, _counter = _last_ms + 1, secrets.randbits(_SEED_BITS)
        at_ms, counter = _last_ms, _counter
    return _layout(at_ms, counter, secrets.randbits(_TAIL_BITS))


def _layout(at_ms: int, counter: int, tail: int) -> UUID:
    """RFC 9562, 5.7: 48 bits of milliseconds, version, 12 bits, variant, 62 bits (6.2, method 1)."""
    rand_a = counter >> (_COUNTER_BITS - 12)
    rand_b = ((counter & ((1 << 30) - 1)) << _TAIL_BITS) | tail
    return UUID(int=(at_ms & ((1 << 48) - 1)) << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b)


def derived_id(*parts: str | bytes | UUID | int) -> UUID:
    """The same id for the same parts (UUIDv8: 122 bits of SHA-256): what a retry makes, it makes again."""
    texts = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
    digest = hashlib.sha256(b"".join(b"%d:%s" % (len(text), text) for text in texts)).digest()
    bits = int.from_bytes(digest[:16], "big") & ~(0xF << 76) & ~(0b11 << 62)
    return UUID(int=bits | 0x8 << 76 | 0b10 << 62)


def parse_id(text: str) -> UUID:
    """The identifier written in ``text`` (any UUID version). Raises InvalidArgument (INVALID_ID)."""
    try:
        return UUID(text)
    except ValueError:
        raise InvalidArgument(f"{text!r:.60} is not an identifier", reason="INVALID_ID") from None
