"""Proving who somebody is by a password, and what stands against those who guess."""

from dataclasses import dataclass, field, replace

from chassis.db import Transaction
from chassis.db.audit import audit
from chassis.telemetry import get_logger
from services.auth.domain.account import Account, User
from services.auth.domain.guess import (
    Failures,
    Guessed,
    Limits,
    Subjects,
    limits_for,
    locked_until,
    require_unlocked,
)
from services.auth.domain.session import InvalidCredentials
from services.auth.store import account as accounts
from services.auth.store import guess as guesses
from services.auth.usecases.context import Context

_log = get_logger("auth")


@dataclass(frozen=True, slots=True)
class Guess:
    """Somebody says to be the person of ``email`` (normalised). ``address`` is the network address the guess
    comes from; empty where nobody knows it. ``device_secret`` is what an earlier log-in left on the device.
    """

    email: str
    password: str = field(repr=False)
    address: str
    device_id: str
    device_secret: str = field(repr=False)

    def subjects(self, limits: Limits) -> Subjects:
        """What the guess is counted against."""
        every = {
            Guessed.PLACE: _place(self.email, self.address),
            Guessed.DEVICE: f"{self.email}\n{self.device_secret}",
            Guessed.PERSON: self.email,
            Guessed.ADDRESS: self.address,
        }
        return {what: every[what] for what in limits}


@dataclass(frozen=True, slots=True)
class Proven:
    """Whose password it was, and where failures before it were counted."""

    account: Account
    counted: Subjects


async def start_anew(tx: Transaction, user: User, address: str) -> None:
    """For who has proven the mailbox at ``address``: need not wait for somebody else's wrong guesses. Devices
    that were known may be a thief's: they are strangers again.
    """
    await guesses.forgive(tx, {Guessed.PLACE: _place(user.email, address), Guessed.PERSON: user.email})
    await guesses.forget_devices(tx, user.id)


async def prove(ctx: Context, guess: Guess) -> Proven:
    """A wrong guess costs the same whether or not anybody has the address, and no hash while a lock lasts.
    A right password is stored anew where it was stored at another cost than today's.

    Raises InvalidCredentials, LockedOut, LogInBusy.
    """
    async with ctx.passwords.turn():
        async with ctx.db.transaction(None, readonly=True) as tx:
            known = await guesses.knows_device(tx, guess.email, guess.device_secret)
            limits = limits_for(known_device=known, address=guess.address, address_policy=ctx.address_policy)
            subjects = guess.subjects(limits)
            failures = await guesses.failures_of(tx, subjects)
            account = await accounts.account_by_email(tx, guess.email)
        require_unlocked(limits, failures, ctx.db.clock.now())
        fits = await ctx.passwords.verify(None if account is None else account.password_hash, guess.password)
        if account is not None and fits and not account.user.disabled:
            return Proven(await _stored_anew(ctx, account, guess.password), subjects)
        await _count(ctx, guess, limits, account)
    raise InvalidCredentials("E-mail address and password do not belong together.")


async def _stored_anew(ctx: Context, account: Account, password: str) -> Account:
    """The account with its right password at today's cost. Who cannot be stored anew is let in all the same,
    and the next time is another chance.
    """
    anew = await ctx.passwords.renewed(account.password_hash, password)
    if anew is None:
        return account
    try:
        async with ctx.db.transaction(None) as tx:
            await accounts.begin_as(tx, account.user.id)
            stored = await accounts.replace_password_hash(tx, account, anew)
    except Exception as error:
        # Whatever stands against it stands against a chore, not against the person.
        _log.warning("a password was not stored anew", user_id=account.user.id, error=repr(error))
        return account
    return replace(account, password_hash=anew) if stored else account


async def _count(ctx: Context, guess: Guess, limits: Limits, account: Account | None) -> None:
    """Notes a wrong guess, and says what it has locked."""
    now = ctx.db.clock.now()
    counts: dict[Guessed, int] = {}
    who = {"user_id": None if account is None else account.user.id, "address": guess.address}
    async with ctx.db.transaction(None) as tx:
        for what, subject in sorted(guess.subjects(limits).items()):
            counts[what] = await guesses.count_failure(tx, what, subject, limits[what], now)
        own = counts.get(Guessed.DEVICE) or counts[Guessed.PLACE]
        audit(tx, "auth.log_in_refused", **who, failures=own, device_id=guess.device_id)
        for what, count in counts.items():
            if until := locked_until(limits[what], Failures(count, now)):
                locked = {"locked": what.value, "failures": count, "until": until.isoformat()}
                audit(tx, "auth.locked_out", **who, **locked)


def _place(email: str, address: str) -> str:
    return f"{email}\n{address}"
