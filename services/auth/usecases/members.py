"""Who belongs to a restaurant. Every use case runs in the restaurant of the caller's token."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from fynlo.auth.v1 import auth_service_pb2 as api

from chassis.audit import audit
from chassis.db import Transaction
from chassis.errors import NotFound
from chassis.idempotency import IdempotencyKey
from chassis.rpc import mark_replayed
from services.auth import wire
from services.auth.domain.restaurant import RestaurantNotFound
from services.auth.domain.roles import Membership, Role, require_grantable, require_other_owner
from services.auth.domain.sessions import REVOCATION_MARGIN, Revocation, RevocationKind
from services.auth.store import people, places, sessions
from services.auth.usecases.accounts import Person, prepare, settle
from services.auth.usecases.context import Context
from services.auth.usecases.sessions import revoke, revoke_left

REVOKED_ONE_BY_ONE_MAX = 100
"""Above this the person's tokens are revoked altogether; sessions in other restaurants just refresh."""


class MemberNotFound(NotFound):
    """This person does not belong to the caller's restaurant."""


async def add_member(
    ctx: Context, tenant: UUID, person: Person, role: Role, key: IdempotencyKey
) -> api.AddMemberResponse:
    """Gives a person a role, instead of one they had. Their tokens with the old role die.

    Raises RoleNotGrantable, PasswordRequired, WeakPassword, LastOwner.
    """
    require_grantable(role)
    prepared = await prepare(ctx, person)
    async with ctx.db.transaction(tenant) as tx:
        if replay := await tx.claim(key):
            mark_replayed()
            return api.AddMemberResponse.FromString(replay.reply)
        await _hold_members(tx, tenant)
        user = await settle(ctx, tx, prepared)
        await people.hold_alone(tx, user.id)
        current = await _member(tx, user.id)
        former = None if current is None else current.role
        if current is None or current.role is not role:
            if current is not None:
                require_other_owner(current.role, await places.count_owners(tx))
            now = ctx.db.clock.now()
            await places.save_membership(tx, user.id, role, now)
            if current is not None:
                living = await sessions.living_sessions(tx, user.id, tenant, now)
                await revoke(tx, _revocations(user.id, living, valid_after=now, reason="role_changed"))
                await revoke_left(tx, user.id, now, "role_changed")
            current = await _member(tx, user.id)
            assert current is not None
            tx.emit(wire.member_changed(current), subject_id=str(user.id), command_id=key.key)
        response = api.AddMemberResponse(membership=wire.membership_message(current))
        tx.remember(response.SerializeToString())
    if former is not role:
        event = "auth.member_added" if former is None else "auth.role_changed"
        audit(event, user_id=user.id, role=role, former_role=former)
    return response


async def remove_member(
    ctx: Context, tenant: UUID, user_id: UUID, key: IdempotencyKey
) -> api.RemoveMemberResponse:
    """Takes a person's role away and ends their sessions in this restaurant. Raises MemberNotFound,
    LastOwner.
    """
    async with ctx.db.transaction(tenant) as tx:
        if replay := await tx.claim(key):
            mark_replayed()
            return api.RemoveMemberResponse.FromString(replay.reply)
        await _hold_members(tx, tenant)
        await people.hold_alone(tx, user_id)
        member = await _member(tx, user_id)
        if member is None:
            raise MemberNotFound("This person does not belong to your restaurant.")
        require_other_owner(member.role, await places.count_owners(tx))
        now = ctx.db.clock.now()
        living = await sessions.living_sessions(tx, user_id, tenant, now)
        await sessions.end_sessions(tx, living, now, "member_removed")
        await places.delete_membership(tx, user_id)
        await revoke(
            tx, _revocations(user_id, living, valid_after=now + REVOCATION_MARGIN, reason="member_removed")
        )
        await revoke_left(tx, user_id, now, "member_removed")
        tx.emit(wire.member_changed(member, removed=True), subject_id=str(user_id), command_id=key.key)
        response = api.RemoveMemberResponse()
        tx.remember(response.SerializeToString())
    audit("auth.member_removed", user_id=user_id, former_role=member.role, sessions_ended=len(living))
    return response


async def list_members(ctx: Context, tenant: UUID, *, limit: int, after: UUID | None) -> list[Membership]:
    """Members of the restaurant, by name."""
    async with ctx.db.transaction(tenant, readonly=True) as tx:
        return await places.members(tx, limit=limit, after=after)


async def _hold_members(tx: Transaction, tenant: UUID) -> None:
    """Changes of the members of one restaurant take turns: two owners cannot remove each other at once."""
    if await places.restaurant_by_id(tx, tenant, lock=True) is None:
        raise RestaurantNotFound("There is no such restaurant.")


async def _member(tx: Transaction, user_id: UUID) -> Membership | None:
    found = await places.members(tx, limit=1, user_id=user_id)
    return found[0] if found else None


def _revocations(
    user_id: UUID, session_ids: Sequence[UUID], *, valid_after: datetime, reason: str
) -> list[Revocation]:
    if len(session_ids) > REVOKED_ONE_BY_ONE_MAX:
        return [Revocation(RevocationKind.USER, user_id, valid_after, reason)]
    return [Revocation(RevocationKind.SESSION, session_id, valid_after, reason) for session_id in session_ids]
