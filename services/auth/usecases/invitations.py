"""Inviting people to a restaurant, and taking up an invitation.

Inviting never looks whether anybody has the address: that an account exists shows neither in an answer nor in
the time that it takes. Only who accepts is asked for the password of the account that is there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from fynlo.auth.v1 import people_service_pb2 as people_api

from chassis.db import Transaction
from chassis.db.audit import audit
from chassis.db.commands import Command, execute
from chassis.db.idempotency import IdempotencyKey
from chassis.ids import new_id
from services.auth.domain.invitations import (
    ADDRESS_WINDOW,
    INVITATION_LIFE,
    INVITATIONS_PER_ADDRESS_MAX,
    PENDING_MAX,
    AlreadyMember,
    Invitation,
    InvitationNotFound,
    InvitationState,
    Preview,
    TooManyInvitations,
    require_rank,
)
from services.auth.domain.links import HOUR, Link, LinkInvalid, Purpose
from services.auth.domain.mail import Kind, QueuedMail
from services.auth.domain.passwords import PasswordRequired, normalised_email
from services.auth.domain.restaurant import RestaurantNotFound
from services.auth.domain.roles import Membership, Role, require_grantable
from services.auth.domain.sessions import User
from services.auth.domain.standing import OpenedSession
from services.auth.store import invitations, links, mail, people
from services.auth.store import restaurant as restaurants
from services.auth.usecases import sessions
from services.auth.usecases.accounts import AddressTaken, Prepared, hash_new, settle
from services.auth.usecases.context import Context
from services.auth.usecases.guesses import Guess, prove
from services.auth.usecases.links import look_up
from services.auth.wire.invitations import invitation_message
from services.auth.wire.members import member_changed

RETRY_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Inviter:
    """Who invites, and what they are in the restaurant."""

    user_id: UUID
    role: Role


@dataclass(frozen=True, slots=True)
class Invitee:
    """Who is to come, as what. ``name`` is what the restaurant calls the person, or ""."""

    email: str
    role: Role
    name: str = ""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What the holder of a link says. ``name`` is for a new account; ``address`` is a network address."""

    token: str
    password: str
    name: str = ""
    device_id: str = ""
    client: str = "web"
    address: str = ""


async def invite(
    ctx: Context, tenant: UUID, inviter: Inviter, invitee: Invitee, key: IdempotencyKey
) -> people_api.InviteResponse:
    """A pending membership, and a mail with its link; a pending one is renewed, and its earlier links die.

    Raises RoleNotGrantable, RoleAboveOwn, AlreadyMember, TooManyInvitations, MailQueueFull.
    """
    require_grantable(invitee.role)
    require_rank(inviter.role, invitee.role)
    email = normalised_email(invitee.email)

    async def put(tx: Transaction) -> people_api.InviteResponse:
        restaurant = await restaurants.restaurant_by_id(tx, tenant, lock=True)
        if restaurant is None:
            raise RestaurantNotFound("There is no such restaurant.")
        if await restaurants.is_member(tx, email):
            raise AlreadyMember("This address belongs to a member already.")
        pending = await invitations.newest_to(tx, email, pending=True)
        if pending is not None:
            require_rank(inviter.role, pending.role)
        await _within_limits(ctx, tx, tenant, email, renewed=pending is not None)
        invitation = await _put(ctx, tx, inviter, replace(invitee, email=email), pending)
        await send_invitation(ctx, tx, invitation, restaurant.settings.name)
        which = {"invitation_id": invitation.id, "role": invitation.role}
        audit(tx, "auth.member_invited", **which, renewed=pending is not None)
        return people_api.InviteResponse(invitation=invitation_message(invitation, ctx.db.clock.now()))

    return await execute(ctx.db, Command(tenant, key), people_api.InviteResponse, put)


async def revoke_invitation(
    ctx: Context, tenant: UUID, role: Role, invitation_id: UUID, key: IdempotencyKey
) -> people_api.RevokeInvitationResponse:
    """Withdraws a pending invitation: its links die. Raises InvitationNotFound, RoleAboveOwn."""

    async def revoke(tx: Transaction) -> people_api.RevokeInvitationResponse:
        invitation = await invitations.invitation_by_id(tx, invitation_id, lock=True)
        if invitation is None or invitation.stored_state is not InvitationState.PENDING:
            raise InvitationNotFound("There is no such invitation that waits.")
        require_rank(role, invitation.role)
        await withdraw(ctx, tx, [invitation.id])
        audit(tx, "auth.invitation_revoked", invitation_id=invitation_id)
        return people_api.RevokeInvitationResponse()

    return await execute(ctx.db, Command(tenant, key), people_api.RevokeInvitationResponse, revoke)


async def list_invitations(ctx: Context, tenant: UUID, *, limit: int, after: UUID | None) -> list[Invitation]:
    """Every invitation of the restaurant, newest first."""
    async with ctx.db.transaction(tenant, readonly=True) as tx:
        return await invitations.invitations(tx, limit=limit, after=after)


async def preview(ctx: Context, token: str, address: str) -> Preview:
    """What the holder of the link is asked to accept. Raises LinkInvalid, LinkExpired, TooManyAttempts."""
    link = await look_up(ctx, token, Purpose.INVITATION, address)
    async with ctx.db.transaction(link.tenant_id, readonly=True) as tx:
        invitation = await _pending(ctx, tx, link)
        restaurant = await restaurants.restaurant_by_id(tx, invitation.restaurant_id)
        account = await people.account_by_email(tx, invitation.email)
    assert restaurant is not None
    return Preview(invitation, restaurant.settings.name, account is not None)


async def accept(ctx: Context, command: Acceptance) -> Membership:
    """Takes up the invitation, once. The link proves the mailbox; an account that is there also proves its
    password, which stays, and a new one sets its own.

    Raises LinkInvalid, LinkExpired, TooManyAttempts, PasswordRequired, WeakPassword, InvalidCredentials,
    LockedOut, LogInBusy, AddressTaken.
    """
    link = await look_up(ctx, command.token, Purpose.INVITATION, command.address)
    async with ctx.db.transaction(link.tenant_id, readonly=True) as tx:
        invitation = await _pending(ctx, tx, link)
        account = await people.account_by_email(tx, invitation.email)
    if account is not None:
        if not command.password:
            raise PasswordRequired("This address has an account: give its password.")
        guess = Guess(invitation.email, command.password, command.address, command.device_id, "")
        person = Prepared((await prove(ctx, guess)).account.user, None)
    else:
        name = " ".join((command.name or invitation.name or invitation.email.partition("@")[0]).split())
        password_hash = await hash_new(ctx, command.password, email=invitation.email, field="password")
        person = Prepared(User(new_id(), invitation.email, name, disabled=False), password_hash)
    return await _join(ctx, link, person)


async def accept_and_log_in(ctx: Context, command: Acceptance) -> OpenedSession:
    """As ``accept``, and then as a log-in. Raises what both raise."""
    try:
        membership = await accept(ctx, command)
    except AddressTaken:
        # By an invitation elsewhere, a moment ago: now it is an account with a password to prove.
        membership = await accept(ctx, command)
    return (await sessions.log_in(ctx, _log_in(command, membership.email))).session


async def send_invitation(
    ctx: Context, tx: Transaction, invitation: Invitation, restaurant_name: str
) -> None:
    """Queues the mail, and has it sent after the commit; links that were sent before die."""
    await links.delete_links(tx, invitation.id)
    letter = QueuedMail(
        new_id(), Kind.INVITATION, invitation.email, restaurant_name, invitation.id, invitation.restaurant_id
    )
    await mail.enqueue(tx, letter, ctx.db.clock.now())
    tx.after_commit(ctx.mail_waits.set)


async def withdraw(ctx: Context, tx: Transaction, ids: Sequence[UUID]) -> None:
    """Revokes pending invitations whose rows the transaction has locked."""
    for invitation_id in ids:
        await invitations.settle(tx, invitation_id, InvitationState.REVOKED, ctx.db.clock.now())
        await links.delete_links(tx, invitation_id)


async def _within_limits(ctx: Context, tx: Transaction, tenant: UUID, email: str, *, renewed: bool) -> None:
    """Raises TooManyInvitations; what is refused is not counted, because the transaction is undone."""
    now = ctx.db.clock.now()
    if not renewed and await invitations.count_pending(tx, now) >= PENDING_MAX:
        raise TooManyInvitations(
            f"{PENDING_MAX} invitations wait already; revoke some.", retry_after_seconds=RETRY_SECONDS
        )
    if await links.count_use(tx, "invite", str(tenant), HOUR, now) > ctx.mail.invitations_per_hour:
        raise TooManyInvitations("Too many invitations in one hour.", retry_after_seconds=RETRY_SECONDS)
    to_address = await links.count_use(tx, "invite_address", f"{tenant}:{email}", ADDRESS_WINDOW, now)
    if to_address > INVITATIONS_PER_ADDRESS_MAX:
        raise TooManyInvitations(
            "This address has been invited often enough today.", retry_after_seconds=RETRY_SECONDS
        )


async def _put(
    ctx: Context, tx: Transaction, inviter: Inviter, invitee: Invitee, pending: Invitation | None
) -> Invitation:
    """The stored invitation: a new one, or the pending one with new particulars."""
    assert tx.tenant is not None
    now = ctx.db.clock.now()
    invitation = Invitation(
        id=new_id() if pending is None else pending.id,
        restaurant_id=tx.tenant,
        email=invitee.email,
        name=" ".join(invitee.name.split()) or ("" if pending is None else pending.name),
        role=invitee.role,
        stored_state=InvitationState.PENDING,
        invited_by=inviter.user_id,
        created_at=now if pending is None else pending.created_at,
        expires_at=now + INVITATION_LIFE,
    )
    await invitations.save_invitation(tx, invitation)
    return invitation


async def _pending(ctx: Context, tx: Transaction, link: Link, *, lock: bool = False) -> Invitation:
    invitation = await invitations.invitation_by_id(tx, link.subject_id, lock=lock)
    waits = invitation is not None and invitation.state_at(ctx.db.clock.now()) is InvitationState.PENDING
    if invitation is None or not waits:
        raise LinkInvalid("This invitation was accepted or withdrawn.")
    return invitation


async def _join(ctx: Context, link: Link, person: Prepared) -> Membership:
    """One transaction: account, membership, the end of the invitation. Of two at once, one finds it used."""
    async with ctx.db.transaction(link.tenant_id) as tx:
        invitation = await _pending(ctx, tx, link, lock=True)
        user = await settle(ctx, tx, person)
        now = ctx.db.clock.now()
        member = await restaurants.member(tx, user.id)
        if member is None:
            await restaurants.save_membership(tx, user.id, invitation.role, now)
            member = await restaurants.member(tx, user.id)
            assert member is not None
            tx.emit(member_changed(member), subject_id=str(user.id), command_id=str(invitation.id))
        await invitations.settle(tx, invitation.id, InvitationState.ACCEPTED, now, user.id)
        await links.delete_links(tx, invitation.id)
        audit(
            tx,
            "auth.member_added",
            user_id=user.id,
            invitation_id=invitation.id,
            role=member.role,
            former_role=None,
            new_account=person.password_hash is not None,
        )
    return member


def _log_in(command: Acceptance, email: str) -> sessions.LogIn:
    return sessions.LogIn(email, command.password, command.device_id, command.client, command.address)
