"""Joining a restaurant: only by the holder of the mailbox, once, and without a word about other tenants."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from fynlo.auth.v1 import auth_pb2
from fynlo.auth.v1.events_pb2 import MemberChanged

from chassis.clock import FakeClock
from chassis.errors import Problem
from chassis.ids import new_id, parse_id
from harness.fixtures import EventRecorder
from services.auth.domain.guess import LOCK, LockedOut
from services.auth.domain.invitation import (
    INVITATION_LIFE,
    INVITATIONS_PER_ADDRESS_MAX,
    AlreadyMember,
    Invitation,
    InvitationNotFound,
    InvitationState,
    Invitee,
    Inviter,
    TooManyInvitations,
)
from services.auth.domain.link import GUESSES_PER_HOUR, HOUR, LinkExpired, LinkInvalid, TooManyAttempts
from services.auth.domain.member import Membership
from services.auth.domain.password import PasswordRequired, WeakPassword
from services.auth.domain.role import Role, RoleAboveOwn, RoleNotGrantable
from services.auth.domain.session import InvalidCredentials, NoMembership
from services.auth.rpc.invitation import INVITED, REVOKED
from services.auth.rpc.member import REMOVED, ROLE_CHANGED
from services.auth.rpc.restaurant import FOUNDED
from services.auth.tests.builders import PASSWORD, Town, context, key, new_town
from services.auth.usecases import housekeeping
from services.auth.usecases import invitation as invitations
from services.auth.usecases import member as members
from services.auth.usecases import password as passwords
from services.auth.usecases import restaurant as restaurants
from services.auth.usecases import session as sessions
from services.auth.usecases.context import MailPolicy
from services.auth.usecases.invitation import Acceptance, Invite, RevokeInvitation
from services.auth.usecases.member import ChangeRole, RemoveMember

THIEF = "a-password-of-a-thief"


async def pending_names(town: Town, casa: object) -> list[tuple[str, bool]]:
    """The list of members: name, and whether somebody waits."""
    found = await members.list_members(town.ctx, parse_id(str(casa)), limit=50, after=None)
    return [(one.name, isinstance(one, Invitation)) for one in found]


# -- nobody acts in the place of somebody else ---------------------------------------------------------------


async def test_an_address_that_somebody_else_named_lets_nobody_in(town: Town) -> None:
    """The stranger's restaurant names the address first; later the real employer invites it."""
    stranger = await town.restaurant("Stranger")
    await town.invite(stranger, "mia", Role.MANAGER)
    for password in (PASSWORD, THIEF):
        with pytest.raises(InvalidCredentials):
            await town.log_in("mia", password=password)
    employer = await new_town(town.ctx)
    casa = await employer.restaurant("Casa")
    invitee = Invitee(town.email("mia"), Role.MANAGER)
    inviter = Inviter(employer.owner_id, Role.PLATFORM_OWNER)
    await invitations.invite(town.ctx, Invite(casa, key(), inviter, invitee), INVITED)
    mia = await town.accept(town.email("mia"))
    assert (mia.restaurant_id, mia.role) == (casa, Role.MANAGER)
    opened = await town.log_in("mia")
    # What the stranger offered waits for her, and is no membership.
    assert [each.restaurant_id for each in opened.standing.restaurants] == [casa]


async def test_a_link_alone_opens_no_account_that_is_there(town: Town) -> None:
    casa, other = await town.restaurant("Casa"), await town.restaurant("Other")
    await town.member(casa, "mia")
    await town.invite(other, "mia", Role.MANAGER)
    token = await town.token_sent_to(town.email("mia"))
    with pytest.raises(PasswordRequired):
        await invitations.accept(town.ctx, Acceptance(token, ""))
    with pytest.raises(InvalidCredentials):
        await invitations.accept(town.ctx, Acceptance(token, THIEF, name="Not Mia"))
    joined = await invitations.accept(town.ctx, Acceptance(token, PASSWORD, name="Another Name"))
    assert (joined.restaurant_id, joined.name) == (other, "Mia")
    opened = await town.log_in("mia")
    assert {each.restaurant_name: each.role for each in opened.standing.restaurants} == {
        "Casa": Role.EMPLOYEE,
        "Other": Role.MANAGER,
    }


async def test_guesses_at_an_account_by_a_link_count_as_those_of_a_log_in(town: Town) -> None:
    casa, other = await town.restaurant("Casa"), await town.restaurant("Other")
    await town.member(casa, "mia")
    await town.invite(other, "mia")
    token = await town.token_sent_to(town.email("mia"))
    for _ in range(LOCK.free_failures):
        with pytest.raises(InvalidCredentials):
            await invitations.accept(town.ctx, Acceptance(token, THIEF))
    with pytest.raises(LockedOut):
        await invitations.accept(town.ctx, Acceptance(token, PASSWORD))


async def test_an_account_that_somebody_else_made_is_taken_back_by_mail(town: Town) -> None:
    """Accounts of before invitations: their maker knows the password, the mailbox is the person's."""
    casa, other = await town.restaurant("Casa"), await town.restaurant("Other")
    await town.invite(casa, "mia", Role.MANAGER)
    await town.accept(town.email("mia"), password=THIEF)
    stolen = await town.log_in("mia", password=THIEF)
    await town.invite(other, "mia", Role.MANAGER)
    link = await town.token_sent_to(town.email("mia"))
    await passwords.request_reset(town.ctx, town.email("mia"), "192.0.2.1")
    await passwords.reset_password(
        town.ctx, await town.token_sent_to(town.email("mia")), PASSWORD, "192.0.2.1"
    )
    for refused in (
        sessions.refresh(town.ctx, stolen.refresh_token, ""),
        town.log_in("mia", password=THIEF),
        invitations.accept(town.ctx, Acceptance(link, THIEF)),
    ):
        with pytest.raises(Problem):
            await refused
    assert (await invitations.accept(town.ctx, Acceptance(link, PASSWORD))).restaurant_id == other


# -- the same answer for everybody ---------------------------------------------------------------------------


async def test_inviting_a_known_and_an_unknown_address_answers_alike(town: Town) -> None:
    casa, elsewhere = await town.restaurant("Casa"), await town.restaurant("Elsewhere")
    await town.member(elsewhere, "known")
    hashed = town.ctx.passwords.hashes_computed
    shown = []
    for who in ("known", "unknown"):
        inviter = Inviter(town.owner_id, Role.PLATFORM_OWNER)
        invitee = Invitee(town.email(who), Role.EMPLOYEE)
        reply = await invitations.invite(town.ctx, Invite(casa, key(), inviter, invitee), INVITED)
        shown.append(reply.invitation)
    assert town.ctx.passwords.hashes_computed == hashed
    for invitation, who in zip(shown, ("known", "unknown"), strict=True):
        assert (invitation.email, invitation.name) == (town.email(who), "")
        invitation.ClearField("id")
        invitation.ClearField("email")
    assert shown[0] == shown[1]
    listed = await members.list_members(town.ctx, casa, limit=50, after=None)
    assert {one.name for one in listed if isinstance(one, Invitation)} == {""}


async def test_a_new_restaurant_says_nothing_of_who_has_the_owners_address(town: Town) -> None:
    await town.member(await town.restaurant("Elsewhere"), "known")
    owners = []
    for number, who in enumerate(("known", "unknown")):
        command = town.restaurant_command(f"New {number}", who)
        reply = await restaurants.create_restaurant(
            town.ctx, replace(command, owner=replace(command.owner)), key(), FOUNDED
        )
        owners.append((reply.owner.id, reply.owner.name, reply.invitation.state))
    pending = auth_pb2.INVITATION_STATE_PENDING
    assert owners == [("", "Owner of New 0", pending), ("", "Owner of New 1", pending)]


async def test_a_pending_member_is_listed_as_such_and_gets_in_nowhere(
    town: Town, event_recorder: EventRecorder
) -> None:
    casa = await town.restaurant()
    await town.invite(casa, "mia")
    assert await pending_names(town, casa) == [("Mia", True), ("Owner of Casa", False)]
    with pytest.raises(InvalidCredentials):
        await town.log_in("mia")
    mia = await town.accept(town.email("mia"))
    assert await pending_names(town, casa) == [("Mia", False), ("Owner of Casa", False)]
    [*_, joined] = await event_recorder.of_type(town.ctx.db, MemberChanged, casa)
    assert joined.membership.user_id == str(mia.user_id)


# -- links ---------------------------------------------------------------------------------------------------


async def test_a_link_works_once(town: Town) -> None:
    casa = await town.restaurant()
    await town.invite(casa, "mia")
    token = await town.token_sent_to(town.email("mia"))
    await invitations.accept(town.ctx, Acceptance(token, PASSWORD))
    for again in (
        invitations.accept(town.ctx, Acceptance(token, PASSWORD)),
        invitations.preview(town.ctx, token, ""),
    ):
        with pytest.raises(LinkInvalid):
            await again


async def test_ten_at_once_with_one_link_join_once(town: Town, event_recorder: EventRecorder) -> None:
    casa = await town.restaurant()
    await town.invite(casa, "mia")
    token = await town.token_sent_to(town.email("mia"))
    await town.warm()
    answers = await asyncio.gather(
        *(invitations.accept(town.ctx, Acceptance(token, f"{PASSWORD}-{number}")) for number in range(10)),
        return_exceptions=True,
    )
    joined = [number for number, answer in enumerate(answers) if isinstance(answer, Membership)]
    assert len(joined) == 1
    assert {type(answer) for answer in answers} <= {Membership, LinkInvalid, InvalidCredentials}
    await town.log_in("mia", password=f"{PASSWORD}-{joined[0]}")
    changes = await event_recorder.of_type(town.ctx.db, MemberChanged, casa)
    assert [change.membership.email for change in changes].count(town.email("mia")) == 1


async def test_two_restaurants_at_once_make_one_account(town: Town) -> None:
    tokens = []
    for name in ("Casa", "Other"):
        await town.invite(await town.restaurant(name), "mia")
        tokens.append(await town.token_sent_to(town.email("mia")))
    await town.warm()
    opened = await asyncio.gather(
        *(invitations.accept_and_log_in(town.ctx, Acceptance(token, PASSWORD)) for token in tokens)
    )
    assert len({one.standing.user.id for one in opened}) == 1
    names = {each.restaurant_name for each in (await town.log_in("mia")).standing.restaurants}
    assert names == {"Casa", "Other"}


async def test_an_old_link_has_expired_and_a_renewed_invitation_works(
    town: Town, fake_clock: FakeClock
) -> None:
    casa = await town.restaurant()
    first = await town.invite(casa, "mia")
    old = await town.token_sent_to(town.email("mia"))
    fake_clock.advance(INVITATION_LIFE)
    with pytest.raises(LinkExpired):
        await invitations.accept(town.ctx, Acceptance(old, PASSWORD))
    [expired, *_] = await invitations.list_invitations(town.ctx, casa, limit=50, after=None)
    assert expired.state_at(fake_clock.now()) is InvitationState.EXPIRED
    assert ("Mia", True) not in await pending_names(town, casa)
    assert await town.invite(casa, "mia", Role.MANAGER) == first
    with pytest.raises(LinkInvalid):  # an earlier link dies with the renewal
        await invitations.accept(town.ctx, Acceptance(old, PASSWORD))
    assert (await town.accept(town.email("mia"))).role is Role.MANAGER


async def test_a_withdrawn_invitation_is_worth_nothing(town: Town) -> None:
    casa = await town.restaurant()
    invited = await town.invite(casa, "mia")
    token = await town.token_sent_to(town.email("mia"))
    await invitations.revoke_invitation(
        town.ctx, RevokeInvitation(casa, key(), Role.MANAGER, invited), REVOKED
    )
    with pytest.raises(LinkInvalid):
        await invitations.accept(town.ctx, Acceptance(token, PASSWORD))
    with pytest.raises(InvitationNotFound):
        await invitations.revoke_invitation(
            town.ctx, RevokeInvitation(casa, key(), Role.MANAGER, invited), REVOKED
        )
    [gone, *_] = await invitations.list_invitations(town.ctx, casa, limit=50, after=None)
    assert gone.stored_state is InvitationState.REVOKED


async def test_a_withdrawn_invitation_whose_mail_waits_is_never_sent(town: Town) -> None:
    casa = await town.restaurant()
    invited = await town.invite(casa, "mia")
    await invitations.revoke_invitation(
        town.ctx, RevokeInvitation(casa, key(), Role.MANAGER, invited), REVOKED
    )
    assert await town.letters_to(town.email("mia")) == []


async def test_a_link_is_good_for_its_own_purpose_only(town: Town) -> None:
    casa = await town.restaurant()
    await town.invite(casa, "mia")
    invitation = await town.token_sent_to(town.email("mia"))
    await passwords.request_reset(town.ctx, town.email("casa"), "")
    reset = await town.token_sent_to(town.email("casa"))
    with pytest.raises(LinkInvalid):
        await passwords.reset_password(town.ctx, invitation, THIEF, "")
    with pytest.raises(LinkInvalid):
        await invitations.accept(town.ctx, Acceptance(reset, THIEF))


async def test_only_hashes_of_links_are_stored(town: Town) -> None:
    casa = await town.restaurant()
    await town.invite(casa, "mia")
    token = await town.token_sent_to(town.email("mia"))
    assert len(token) * 6 >= 128
    async with town.ctx.db.transaction(casa) as tx:
        for table in ("link", "mail", "local_mail", "invitation", "quota", "outbox", "idempotency"):
            rows = await tx.fetch(f"SELECT t::text AS row FROM {table} t")
            assert not [row for row in rows if token in row["row"]], table


async def test_guessing_links_is_bounded_by_network_address(town: Town, fake_clock: FakeClock) -> None:
    casa = await town.restaurant()
    await town.invite(casa, "mia")
    token = await town.token_sent_to(town.email("mia"))
    address = f"192.0.2.{new_id().hex[:4]}"
    for number in range(GUESSES_PER_HOUR):
        with pytest.raises(LinkInvalid):
            await invitations.preview(town.ctx, f"guess-{number}", address)
    with pytest.raises(TooManyAttempts):
        await invitations.preview(town.ctx, token, address)
    await invitations.preview(town.ctx, token, "192.0.2.77")
    fake_clock.advance(HOUR)
    await invitations.preview(town.ctx, token, address)


# -- who may invite whom -------------------------------------------------------------------------------------


async def test_nobody_invites_above_their_own_role(town: Town) -> None:
    casa = await town.restaurant()
    marco = Inviter(await town.member(casa, "marco", Role.MANAGER), Role.MANAGER)
    with pytest.raises(RoleAboveOwn):
        await town.invite(casa, "mia", Role.RESTAURANT_OWNER, inviter=marco)
    with pytest.raises(RoleNotGrantable):
        await town.invite(casa, "mia", Role.PLATFORM_OWNER)
    owners = await town.invite(casa, "olga", Role.RESTAURANT_OWNER)
    with pytest.raises(RoleAboveOwn):  # nor takes a higher role away
        await invitations.revoke_invitation(
            town.ctx, RevokeInvitation(casa, key(), Role.MANAGER, owners), REVOKED
        )
    with pytest.raises(RoleAboveOwn):  # nor lowers it by inviting anew
        await town.invite(casa, "olga", Role.EMPLOYEE, inviter=marco)
    await town.invite(casa, "mia", Role.MANAGER, inviter=marco)


async def test_an_invitation_of_another_restaurant_is_out_of_reach(town: Town) -> None:
    casa, other = await town.restaurant("Casa"), await town.restaurant("Other")
    invited = await town.invite(other, "mia")
    with pytest.raises(InvitationNotFound):
        await invitations.revoke_invitation(
            town.ctx, RevokeInvitation(casa, key(), Role.RESTAURANT_OWNER, invited), REVOKED
        )
    assert invited not in [
        one.id for one in await invitations.list_invitations(town.ctx, casa, limit=50, after=None)
    ]
    await town.accept(town.email("mia"))


async def test_a_member_is_not_invited_again(town: Town) -> None:
    casa = await town.restaurant()
    await town.member(casa, "mia")
    with pytest.raises(AlreadyMember):
        await town.invite(casa, "mia", Role.MANAGER)


async def leaves(town: Town, casa: object, marco: Inviter) -> None:
    await members.remove_member(town.ctx, RemoveMember(parse_id(str(casa)), key(), marco.user_id), REMOVED)


async def steps_down(town: Town, casa: object, marco: Inviter) -> None:
    await members.change_role(
        town.ctx,
        ChangeRole(parse_id(str(casa)), key(), Role.RESTAURANT_OWNER, marco.user_id, Role.EMPLOYEE),
        ROLE_CHANGED,
    )


@pytest.mark.parametrize("goes", [leaves, steps_down])
async def test_who_may_not_invite_any_more_leaves_no_way_back(
    town: Town, goes: Callable[[Town, object, Inviter], Awaitable[None]]
) -> None:
    casa = await town.restaurant()
    marco = Inviter(await town.member(casa, "marco", Role.MANAGER), Role.MANAGER)
    await town.invite(casa, "marcos-friend", Role.MANAGER, inviter=marco)
    token = await town.token_sent_to(town.email("marcos-friend"))
    await goes(town, casa, marco)
    with pytest.raises(LinkInvalid):
        await invitations.accept(town.ctx, Acceptance(token, PASSWORD))


async def test_who_was_removed_comes_back_by_an_invitation(town: Town) -> None:
    casa = await town.restaurant()
    mia = await town.member(casa, "mia")
    await members.remove_member(town.ctx, RemoveMember(casa, key(), mia), REMOVED)
    with pytest.raises(NoMembership):
        await town.log_in("mia")
    await town.invite(casa, "mia")
    opened = await invitations.accept_and_log_in(
        town.ctx, Acceptance(await town.token_sent_to(town.email("mia")), PASSWORD, device_id="ipad")
    )
    assert (opened.standing.user.id, opened.standing.restaurant_id) == (mia, casa)


# -- passwords and limits ------------------------------------------------------------------------------------


async def test_a_new_account_needs_a_good_password_and_uses_up_nothing_until_then(town: Town) -> None:
    casa = await town.restaurant()
    await town.invite(casa, "mia")
    token = await town.token_sent_to(town.email("mia"))
    seen = await invitations.preview(town.ctx, token, "")
    assert (seen.restaurant_name, seen.invitation.role, seen.has_account) == ("Casa", Role.EMPLOYEE, False)
    for password, error in (("", PasswordRequired), ("password1234", WeakPassword), ("short", WeakPassword)):
        with pytest.raises(error) as refused:
            await invitations.accept(town.ctx, Acceptance(token, password))
        assert refused.value.fields[0].field == "password"
    await invitations.accept(town.ctx, Acceptance(token, PASSWORD, name="  Mia   Müller "))
    assert (await town.log_in("mia")).standing.user.name == "Mia Müller"


async def test_a_flood_of_invitations_is_stopped_by_restaurant_and_by_address(
    town: Town, fake_clock: FakeClock
) -> None:
    few = replace(town, ctx=context(town.ctx.db, mail=MailPolicy(invitations_per_hour=8)))
    casa, other = await few.restaurant("Casa"), await few.restaurant("Other")
    for _ in range(INVITATIONS_PER_ADDRESS_MAX):
        await few.invite(casa, "mia")
    with pytest.raises(TooManyInvitations):
        await few.invite(casa, "mia")
    for number in range(3):
        await few.invite(casa, f"guest-{number}")
    with pytest.raises(TooManyInvitations) as refused:
        await few.invite(casa, "one-more")
    assert int(refused.value.metadata["retry_after_seconds"]) > 0
    # Another restaurant is not told of it.
    await few.invite(other, "mia")
    fake_clock.advance(HOUR)
    await few.invite(casa, "one-more")


async def test_old_invitations_and_links_are_swept_and_living_ones_stay(
    town: Town, fake_clock: FakeClock
) -> None:
    casa = await town.restaurant()
    await town.invite(casa, "mia")
    await town.token_sent_to(town.email("mia"))
    fake_clock.advance(INVITATION_LIFE + housekeeping.EXPIRED_INVITATIONS_KEPT + timedelta(seconds=1))
    living = await town.invite(casa, "ben")
    await housekeeping.sweep(town.ctx)
    left = await invitations.list_invitations(town.ctx, casa, limit=50, after=None)
    assert [one.id for one in left] == [living]
    await town.accept(town.email("ben"))
