"""Who belongs to a restaurant. Every use case runs in the restaurant of the caller's token."""

from dataclasses import replace
from uuid import UUID

from fynlo.auth.v1 import auth_service_pb2 as auth_api
from fynlo.auth.v1 import people_service_pb2 as people_api

from chassis.db import Transaction
from chassis.db.audit import audit
from chassis.db.commands import Command, execute
from chassis.db.idempotency import IdempotencyKey
from chassis.errors import NotFound
from services.auth.domain.invitations import Invitation, above, require_rank
from services.auth.domain.restaurant import RestaurantNotFound
from services.auth.domain.roles import GRANTABLE, Membership, Role, require_grantable, require_other_owner
from services.auth.domain.sessions import REVOCATION_MARGIN, revocations_of
from services.auth.store import invitations, people, sessions
from services.auth.store import restaurant as restaurants
from services.auth.usecases.context import Context
from services.auth.usecases.invitations import withdraw
from services.auth.usecases.sessions import revoke, revoke_left
from services.auth.wire.members import member_changed, membership_message


class MemberNotFound(NotFound):
    """This person does not belong to the caller's restaurant."""


async def change_role(
    ctx: Context, tenant: UUID, own: Role, user_id: UUID, role: Role, key: IdempotencyKey
) -> people_api.ChangeRoleResponse:
    """Gives a member another role. Their tokens with the old one die, and so do the invitations that they
    could not make any more.

    Raises RoleNotGrantable, RoleAboveOwn, MemberNotFound, LastOwner.
    """
    require_grantable(role)

    async def change(tx: Transaction) -> people_api.ChangeRoleResponse:
        await _hold_members(tx, tenant)
        await people.hold_alone(tx, user_id)
        member = await restaurants.member(tx, user_id)
        if member is None:
            raise MemberNotFound("This person does not belong to your restaurant.")
        former = member.role
        require_rank(own, role, former)
        if former is not role:
            require_other_owner(former, await restaurants.count_owners(tx))
            now = ctx.db.clock.now()
            await restaurants.save_membership(tx, user_id, role, now)
            await withdraw(ctx, tx, await invitations.pending_by(tx, user_id, above(role)))
            living = await sessions.living_sessions(tx, user_id, tenant, now)
            await revoke(tx, revocations_of(user_id, living, valid_after=now, reason="role_changed"))
            await revoke_left(tx, user_id, now, "role_changed")
            member = replace(member, role=role)
            audit(tx, "auth.role_changed", user_id=user_id, role=role, former_role=former)
            tx.emit(member_changed(member), subject_id=str(user_id))
        return people_api.ChangeRoleResponse(membership=membership_message(member))

    return await execute(ctx.db, Command(tenant, key), people_api.ChangeRoleResponse, change)


async def remove_member(
    ctx: Context, tenant: UUID, user_id: UUID, key: IdempotencyKey
) -> auth_api.RemoveMemberResponse:
    """Takes a person's role away, ends their sessions in this restaurant and withdraws the invitations that
    they made. Raises MemberNotFound, LastOwner.
    """

    async def remove(tx: Transaction) -> auth_api.RemoveMemberResponse:
        await _hold_members(tx, tenant)
        await people.hold_alone(tx, user_id)
        member = await restaurants.member(tx, user_id)
        if member is None:
            raise MemberNotFound("This person does not belong to your restaurant.")
        require_other_owner(member.role, await restaurants.count_owners(tx))
        now = ctx.db.clock.now()
        living = await sessions.living_sessions(tx, user_id, tenant, now)
        await sessions.end_sessions(tx, living, now, "member_removed")
        await restaurants.delete_membership(tx, user_id)
        await withdraw(ctx, tx, await invitations.pending_by(tx, user_id, GRANTABLE))
        await revoke(
            tx, revocations_of(user_id, living, valid_after=now + REVOCATION_MARGIN, reason="member_removed")
        )
        await revoke_left(tx, user_id, now, "member_removed")
        tx.emit(member_changed(member, removed=True), subject_id=str(user_id))
        ended = len(living)
        audit(tx, "auth.member_removed", user_id=user_id, former_role=member.role, sessions_ended=ended)
        return auth_api.RemoveMemberResponse()

    return await execute(ctx.db, Command(tenant, key), auth_api.RemoveMemberResponse, remove)


async def list_members(
    ctx: Context, tenant: UUID, *, limit: int, after: UUID | None
) -> list[Membership | Invitation]:
    """Members of the restaurant and those who are invited, by name."""
    async with ctx.db.transaction(tenant, readonly=True) as tx:
        return await invitations.people_of(tx, ctx.db.clock.now(), limit=limit, after=after)


async def _hold_members(tx: Transaction, tenant: UUID) -> None:
    """Changes of the members of one restaurant take turns: two owners cannot remove each other at once."""
    if await restaurants.restaurant_by_id(tx, tenant, lock=True) is None:
        raise RestaurantNotFound("There is no such restaurant.")
