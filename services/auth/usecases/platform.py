"""Platforms."""

from dataclasses import dataclass

from chassis.db import Transaction
from chassis.db.audit import audit
from chassis.db.commands import Answer, M, PlatformCommand, execute
from chassis.db.idempotency import IdempotencyKey
from chassis.ids import new_id
from services.auth.domain.account import normalised_email
from services.auth.domain.platform import Platform
from services.auth.store import platform as platforms
from services.auth.usecases.account import Person, Prepared, prepare, settle
from services.auth.usecases.context import Context


@dataclass(frozen=True, slots=True)
class CreatePlatform:
    """A platform with its first owner."""

    name: str
    owner: Person


async def create_platform(
    ctx: Context, command: CreatePlatform, key: IdempotencyKey, answer: Answer[Platform, M]
) -> M:
    """The platform of that name and owner, made if it is not there. Raises PasswordRequired, WeakPassword,
    PasswordMismatch.
    """
    name = " ".join(command.name.split())
    email = normalised_email(command.owner.email)
    async with ctx.db.transaction(None, readonly=True) as tx:
        there = await platforms.platform_named(tx, name, email)
    owner = Prepared(there.owner, None) if there else await prepare(ctx, command.owner)

    async def make(tx: Transaction) -> Platform:
        await platforms.lock_platform_name(tx, name, email)
        found = await platforms.platform_named(tx, name, email)
        if found is not None:
            return found
        made = Platform(new_id(), name, await settle(ctx, tx, owner))
        await platforms.insert_platform(tx, made, ctx.db.clock.now())
        audit(tx, "auth.platform_created", platform_id=made.id, owner_id=made.owner.id)
        return made

    return await execute(ctx.db, PlatformCommand(key), answer, make)
