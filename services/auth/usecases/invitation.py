"""Inviting people to a restaurant, and taking up an invitation.

Inviting never looks whether anybody has the address: that an account exists shows neither in an answer nor in
the time that it takes. Only who accepts is asked for the password of the account that is there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from chassis.db import Transaction
from chassis.db.audit import audit
from chassis.db.commands import Answer, Command, M, execute
from chassis.ids import new_id
from services.auth.domain.account import AddressTaken, User
from services.auth.domain.invitation import (
    ADDRESS_WINDOW,
    INVITATION_LIFE,
    INVITATIONS_PER_ADDRESS_MAX,
    PENDING_MAX,
    AlreadyMember,
    Invitation,
    InvitationNotFound,
    InvitationState,
    Invited,
    Invitee,
    Inviter,
    Preview,
    TooManyInvitations,
)
from services.auth.domain.link import HOUR, Link, LinkInvalid, Purpose
from services.auth.domain.mail import Kind, QueuedMail
from services.auth.domain.member import Membership
from services.auth.domain.password import PasswordRequired
from services.auth.domain.restaurant import RestaurantNotFound
from services.auth.domain.role import Role, require_grantable, require_rank
from services.auth.domain.standing import OpenedSession
from services.auth.store import account as accounts
from services.auth.store import invitation as invitations
from services.auth.store import link as links
from services.auth.store import member as members
from services.auth.store import restaurant as restaurants
from services.auth.usecases import session as sessions
from services.auth.usecases.account import Prepared, settle
from services.auth.usecases.context import Context
from services.auth.usecases.guess import Guess, prove
from services.auth.usecases.link import look_up
from services.auth.usecases.mail import enqueue
from services.auth.usecases.password import hash_new
from services.auth.wire.member import member_changed

RETRY_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Invite(Command):
    """Whom somebody asks to come, and as what."""

    inviter: Inviter
    invitee: Invitee


@dataclass(frozen=True, slots=True)
class RevokeInvitation(Command):
    """``own`` is what the caller is in the restaurant."""

    own: Role
    invitation_id: UUID


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What the holder of a link says. ``name`` is for a new account; ``address`` is a network address."""

    token: str
    password: str
    name: str = ""
    device_id: str = ""
    client: str = "web"
    address: str = ""


async def invite(ctx: Context, command: Invite, answer: Answer[Invited, M]) -> M:
    """A pending membership, and a mail with its link; a pending one is renewed, and its earlier links die.

    Raises RoleNotGrantable, RoleAboveOwn, AlreadyMember, TooManyInvitations, MailQueueFull.
    """
    inviter, invitee = command.inviter, command.invitee.normalised()
    require_grantable(invitee.role)
    require_rank(inviter.role, invitee.role)

    async def put(tx: Transaction) -> Invited:
        restaurant = await restaurants.lock_restaurant(tx, command.tenant)
        if restaurant is None:
            raise RestaurantNotFound("There is no such restaurant.")
        if await members.is_member(tx, invitee.email):
            raise AlreadyMember("This address belongs to a member already.")
        pending = await invitations.lock_pending_to(tx, invitee.email)
        if pending is not None:
            require_rank(inviter.role, pending.role)
        await _within_limits(ctx, tx, command.tenant, invitee.email, renewed=pending is not None)
        invitation = await _put(ctx, tx, inviter, invitee, pending)
        await send_invitation(ctx, tx, invitation, restaurant.settings.name)
        which = {"invitation_id": invitation.id, "role": invitation.role}
        audit(tx, "auth.member_invited", **which, renewed=pending is not None)
        return Invited(invitation, ctx.db.clock.now())

    return await execute(ctx.db, command, answer, put)


async def revoke_invitation(ctx: Context, command: RevokeInvitation, answer: Answer[Invitation, M]) -> M:
    """Withdraws a pending invitation: its links die. Raises InvitationNotFound, RoleAboveOwn."""

    async def revoke(tx: Transaction) -> Invitation:
        invitation = await invitations.lock_invitation(tx, command.invitation_id)
        if invitation is None or invitation.stored_state is not InvitationState.PENDING:
            raise InvitationNotFound("There is no such invitation that waits.")
        require_rank(command.own, invitation.role)
        await withdraw(ctx, tx, [invitation.id])
        audit(tx, "auth.invitation_revoked", invitation_id=invitation.id)
        return replace(invitation, stored_state=InvitationState.REVOKED)

    return await execute(ctx.db, command, answer, revoke)


async def list_invitations(ctx: Context, tenant: UUID, *, limit: int, after: UUID | None) -> list[Invitation]:
    """Every invitation of the restaurant, newest first."""
    async with ctx.db.transaction(tenant, readonly=True) as tx:
        return await invitations.invitations(tx, limit=limit, after=after)


async def preview(ctx: Context, token: str, address: str) -> Preview:
    """What the holder of the link is asked to accept. Raises LinkInvalid, LinkExpired, TooManyAttempts."""
    link = await look_up(ctx, token, Purpose.INVITATION, address)
    async with ctx.db.transaction(link.tenant_id, readonly=True) as tx:
        invitation = _pending(ctx, await invitations.invitation_by_id(tx, link.subject_id))
        restaurant = await restaurants.restaurant_by_id(tx, invitation.restaurant_id)
        account = await accounts.account_by_email(tx, invitation.email)
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
        invitation = _pending(ctx, await invitations.invitation_by_id(tx, link.subject_id))
        account = await accounts.account_by_email(tx, invitation.email)
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
    await enqueue(ctx, tx, letter)


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
        name=invitee.name or ("" if pending is None else pending.name),
        role=invitee.role,
        stored_state=InvitationState.PENDING,
        invited_by=inviter.user_id,
        created_at=now if pending is None else pending.created_at,
        expires_at=now + INVITATION_LIFE,
    )
    await invitations.save_invitation(tx, invitation)
    return invitation


def _pending(ctx: Context, invitation: Invitation | None) -> Invitation:
    """The invitation of a link, where it still waits. Raises LinkInvalid."""
    waits = invitation is not None and invitation.state_at(ctx.db.clock.now()) is InvitationState.PENDING
    if invitation is None or not waits:
        raise LinkInvalid("This invitation was accepted or withdrawn.")
    return invitation


async def _join(ctx: Context, link: Link, person: Prepared) -> Membership:
    """One transaction: account, membership, the end of the invitation. Of two at once, one finds it used."""
    async with ctx.db.transaction(link.tenant_id) as tx:
        invitation = _pending(ctx, await invitations.lock_invitation(tx, link.subject_id))
        user = await settle(ctx, tx, person)
        now = ctx.db.clock.now()
        member = await members.member(tx, user.id)
        if member is None:
            await members.save_membership(tx, user.id, invitation.role, now)
            member = await members.member(tx, user.id)
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
