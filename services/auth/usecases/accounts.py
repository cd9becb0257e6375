"""The account behind an e-mail address, made with a first password where it is new."""

from dataclasses import dataclass

from chassis.db import Transaction
from chassis.errors import FieldError
from chassis.ids import new_id
from services.auth.domain.passwords import PasswordRequired, normalised_email, require_strong
from services.auth.domain.sessions import User
from services.auth.passwords import breached_passwords
from services.auth.store import people
from services.auth.usecases.context import Context


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody named in a request. ``field_prefix`` is how the request calls the fields (``owner_``)."""

    email: str
    name: str
    password: str
    field_prefix: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A person whose password, if one is needed, has been checked and hashed; hashing takes no
    transaction.
    """

    user: User
    password_hash: str | None


async def prepare(ctx: Context, person: Person) -> Prepared:
    """Raises PasswordRequired and WeakPassword for an address that is new. A known address keeps its
    password.
    """
    email = normalised_email(person.email)
    async with ctx.db.transaction(None, readonly=True) as tx:
        account = await people.account_by_email(tx, email)
    if account is not None:
        return Prepared(account.user, None)
    field = f"{person.field_prefix}password"
    if not person.password:
        raise PasswordRequired(
            "This address is new: it needs a first password.",
            fields=[FieldError(field, "REQUIRED", "needed for a new address")],
        )
    require_strong(person.password, email=email, field=field, breached=breached_passwords())
    async with ctx.passwords.turn():
        password_hash = await ctx.passwords.hash(person.password)
    user = User(new_id(), email, " ".join(person.name.split()), disabled=False)
    return Prepared(user, password_hash)


async def settle(ctx: Context, tx: Transaction, prepared: Prepared) -> User:
    """The user in the database: found, made, or made by somebody else meanwhile."""
    if prepared.password_hash is None:
        return prepared.user
    return await people.insert_user(tx, prepared.user, prepared.password_hash, ctx.db.clock.now())
