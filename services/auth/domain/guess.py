"""When somebody has guessed passwords too often. Nobody's guesses may keep the right person out.

A guess counts against the person from where it comes: one network address, or one device that the person has
used before. Strangers' guesses at one person from many addresses share a further limit, which slows and never
closes; known devices pass it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chassis.errors import ResourceExhausted


class LockedOut(ResourceExhausted):
    """Too many wrong passwords; ``metadata["retry_after_seconds"]`` says when the next guess is looked at."""


@dataclass(frozen=True, slots=True)
class LockPolicy:
    """``free_failures`` are only counted; each further one doubles the wait, from ``first_delay`` to
    ``max_delay``. After ``forgotten_after`` without a failure counting starts again; ``one_fades_in``: one
    failure is forgotten each time that much has passed without another.
    """

    free_failures: int
    first_delay: timedelta
    max_delay: timedelta
    forgotten_after: timedelta
    one_fades_in: timedelta | None = None


class Guessed(StrEnum):
    """What a wrong guess is counted against."""

    PLACE = "place"
    """A person, from one network address."""
    DEVICE = "device"
    """A person, from one device that knows a secret of theirs."""
    PERSON = "person"
    """A person, from anywhere but known devices."""
    ADDRESS = "address"
    """A network address, whomever it guesses at."""


Subjects = Mapping[Guessed, str]
"""Who or what a guess is counted against, by kind."""

LOCK = LockPolicy(5, timedelta(seconds=30), timedelta(minutes=15), timedelta(hours=24))
"""One guesser at one person: at most 5 + 7 guesses in the first hour, 4 in each later one (security.md asks
for 20 at most).
"""

PERSON_GUESSES_AT_ONCE = 20
PERSON_GUESS_EVERY = timedelta(seconds=30)
SLOW_DOWN = LockPolicy(
    PERSON_GUESSES_AT_ONCE,
    PERSON_GUESS_EVERY,
    PERSON_GUESS_EVERY,
    timedelta(hours=24),
    one_fades_in=PERSON_GUESS_EVERY,
)
"""All strangers at one person: 20 guesses at once, then one in 30 seconds, from however many addresses."""

DOUBLINGS_MAX = 20
"""Beyond any delay in use; keeps the arithmetic small."""

ADDRESS_FREE_FAILURES = 50
"""A restaurant's whole staff shares one address."""

KEPT = timedelta(hours=24)
"""No policy remembers a failure for longer."""


def address_lock(free_failures: int = ADDRESS_FREE_FAILURES) -> LockPolicy:
    """The policy for one network address."""
    return LockPolicy(free_failures, timedelta(seconds=30), timedelta(minutes=5), timedelta(minutes=15))


DEFAULT_ADDRESS_LOCK = address_lock()

Limits = Mapping[Guessed, LockPolicy]
"""Everything that one guess is held against."""


def limits_for(*, known_device: bool, address: str, address_policy: LockPolicy) -> Limits:
    """What a guess counts against. A known device passes what strangers can fill up."""
    if known_device:
        return {Guessed.DEVICE: LOCK}
    limits = {Guessed.PLACE: LOCK, Guessed.PERSON: SLOW_DOWN}
    return limits | {Guessed.ADDRESS: address_policy} if address else limits


def forgiven_by_success(subjects: Subjects) -> Subjects:
    """What this guesser at this person has failed. What many share is kept, else one valid account would wash
    an address clean.
    """
    return {what: subject for what, subject in subjects.items() if what in (Guessed.PLACE, Guessed.DEVICE)}


@dataclass(frozen=True, slots=True)
class Failures:
    """Wrong guesses in a row; the last of them at ``last_at``."""

    count: int
    last_at: datetime


def locked_until(policy: LockPolicy, failures: Failures | None) -> datetime | None:
    """When the next guess may be made; None where nothing is locked."""
    if failures is None or failures.count < policy.free_failures:
        return None
    beyond = min(failures.count - policy.free_failures, DOUBLINGS_MAX)
    return failures.last_at + min(policy.first_delay * (1 << beyond), policy.max_delay)


def require_unlocked(limits: Limits, failures: Mapping[Guessed, Failures], now: datetime) -> None:
    """Raises LockedOut while a wait lasts; it names the longest."""
    waits = [locked_until(policy, failures.get(what)) for what, policy in limits.items()]
    until = max((wait for wait in waits if wait is not None), default=None)
    if until is not None and now < until:
        raise LockedOut(
            "Too many wrong passwords.", retry_after_seconds=int((until - now).total_seconds()) + 1
        )
