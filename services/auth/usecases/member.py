"""Who belongs to a restaurant. Every use case runs in the restaurant of the caller's token."""

from dataclasses import dataclass, replace
from uuid import UUID

from chassis.db import Transaction
from chassis.db.audit import audit
from chassis.db.commands import Answer, Command, M, execute
from services.auth.domain.invitation import Invitation
from services.auth.domain.member import MemberNotFound, Membership, require_other_owner
from services.auth.domain.restaurant import RestaurantNotFound
from services.auth.domain.role import GRANTABLE, Role, above, require_grantable, require_rank
from services.auth.domain.session import REVOCATION_MARGIN, revocations_of
from services.auth.store import account as accounts
from services.auth.store import invitation as invitations
from services.auth.store import member as members
from services.auth.store import restaurant as restaurants
from services.auth.store import session as sessions
from services.auth.usecases.context import Context
from services.auth.usecases.invitation import withdraw
from services.auth.usecases.session import revoke, revoke_left
from services.auth.wire.member import member_changed


@dataclass(frozen=True, slots=True)
class ChangeRole(Command):
    """``own`` is what the caller is in the restaurant."""

    own: Role
    user_id: UUID
    role: Role


@dataclass(frozen=True, slots=True)
class RemoveMember(Command):
    """Who is to go."""

    user_id: UUID


async def change_role(ctx: Context, command: ChangeRole, answer: Answer[Membership, M]) -> M:
    """Gives a member another role. Their tokens with the old one die, and so do the invitations that they
    could not make any more.

    Raises RoleNotGrantable, RoleAboveOwn, MemberNotFound, LastOwner.
    """
    user_id, role = command.user_id, command.role
    require_grantable(role)

    async def change(tx: Transaction) -> Membership:
        member = await _held_member(tx, command.tenant, user_id)
        require_rank(command.own, role, member.role)
        if member.role is role:
            return member
        require_other_owner(member.role, await members.count_owners(tx))
        now = ctx.db.clock.now()
        await members.save_membership(tx, user_id, role, now)
        await withdraw(ctx, tx, await invitations.lock_pending_by(tx, user_id, above(role)))
        living = await sessions.living_sessions(tx, user_id, command.tenant, now)
        await revoke(tx, revocations_of(user_id, living, valid_after=now, reason="role_changed"))
        await revoke_left(tx, user_id, now, "role_changed")
        audit(tx, "auth.role_changed", user_id=user_id, role=role, former_role=member.role)
        changed = replace(member, role=role)
        tx.emit(member_changed(changed), subject_id=str(user_id))
        return changed

    return await execute(ctx.db, command, answer, change)


async def remove_member(ctx: Context, command: RemoveMember, answer: Answer[Membership, M]) -> M:
    """Takes a person's role away, ends their sessions in this restaurant and withdraws the invitations that
    they made. Raises MemberNotFound, LastOwner.
    """
    user_id = command.user_id

    async def remove(tx: Transaction) -> Membership:
        member = await _held_member(tx, command.tenant, user_id)
        require_other_owner(member.role, await members.count_owners(tx))
        now = ctx.db.clock.now()
        living = await sessions.living_sessions(tx, user_id, command.tenant, now)
        await sessions.end_sessions(tx, living, now, "member_removed")
        await members.delete_membership(tx, user_id)
        await withdraw(ctx, tx, await invitations.lock_pending_by(tx, user_id, GRANTABLE))
        await revoke(
            tx, revocations_of(user_id, living, valid_after=now + REVOCATION_MARGIN, reason="member_removed")
        )
        await revoke_left(tx, user_id, now, "member_removed")
        tx.emit(member_changed(member, removed=True), subject_id=str(user_id))
        ended = len(living)
        audit(tx, "auth.member_removed", user_id=user_id, former_role=member.role, sessions_ended=ended)
        return member

    return await execute(ctx.db, command, answer, remove)


async def list_members(
    ctx: Context, tenant: UUID, *, limit: int, after: UUID | None
) -> list[Membership | Invitation]:
    """Members of the restaurant and those who are invited, by name."""
    async with ctx.db.transaction(tenant, readonly=True) as tx:
        return await members.people_of(tx, ctx.db.clock.now(), limit=limit, after=after)


async def _held_member(tx: Transaction, tenant: UUID, user_id: UUID) -> Membership:
    """A member whose role nobody else changes meanwhile. Changes of the members of one restaurant take turns:
    two owners cannot remove each other at once. Raises MemberNotFound.
    """
    if await restaurants.lock_restaurant(tx, tenant) is None:
        raise RestaurantNotFound("There is no such restaurant.")
    await accounts.hold_alone(tx, user_id)
    member = await members.member(tx, user_id)
    if member is None:
        raise MemberNotFound("This person does not belong to your restaurant.")
    return member
