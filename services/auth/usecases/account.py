"""The account behind an e-mail address of somebody who sets its password here and now."""

from dataclasses import dataclass

from chassis.db import Transaction
from chassis.errors import FieldError
from chassis.ids import new_id
from services.auth.domain.account import AddressTaken, User, normalised_email
from services.auth.domain.password import PasswordMismatch
from services.auth.store import account as accounts
from services.auth.usecases.context import Context
from services.auth.usecases.password import hash_new


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with the password that they set. ``field_prefix`` is how the request calls the fields
    (``owner_``).
    """

    email: str
    name: str
    password: str
    field_prefix: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A person whose password has been checked; ``password_hash`` is None for an account that is there.
    Hashing takes no transaction.
    """

    user: User
    password_hash: str | None


async def prepare(ctx: Context, person: Person) -> Prepared:
    """A new account, or the one whose password it is: nobody acts in the name of an account by its address
    alone. Raises PasswordRequired, WeakPassword, PasswordMismatch, LogInBusy.
    """
    email = normalised_email(person.email)
    async with ctx.db.transaction(None, readonly=True) as tx:
        account = await accounts.account_by_email(tx, email)
    field = f"{person.field_prefix}password"
    if account is not None:
        async with ctx.passwords.turn():
            fits = await ctx.passwords.verify(account.password_hash, person.password)
        if not fits:
            raise PasswordMismatch(
                "This address has an account with another password.",
                fields=[FieldError(field, "MISMATCH", "is not the password of the account")],
            )
        return Prepared(account.user, None)
    password_hash = await hash_new(ctx, person.password, email=email, field=field)
    return Prepared(User(new_id(), email, " ".join(person.name.split()), disabled=False), password_hash)


async def settle(ctx: Context, tx: Transaction, prepared: Prepared) -> User:
    """The user in the database. Raises AddressTaken where somebody else was faster."""
    if prepared.password_hash is None:
        return prepared.user
    if not await accounts.insert_user(tx, prepared.user, prepared.password_hash, ctx.db.clock.now()):
        raise AddressTaken("This address was taken at the same time; try again.")
    return prepared.user
