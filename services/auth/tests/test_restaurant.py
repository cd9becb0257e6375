"""Platforms, restaurants and members, on the real database."""

import asyncio
from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from fynlo.auth.v1 import auth_pb2
from fynlo.auth.v1.events_pb2 import MemberChanged, RestaurantUpdated, SessionsRevoked
from fynlo.common.v1 import common_pb2

from chassis.clock import FakeClock
from chassis.db.idempotency import IdempotencyKeyReuse
from chassis.errors import PermissionDenied
from chassis.ids import new_id, parse_id
from harness.fixtures import EventRecorder
from services.auth.domain.member import LastOwner, MemberNotFound, Membership
from services.auth.domain.password import PasswordMismatch, PasswordRequired, WeakPassword
from services.auth.domain.restaurant import (
    CurrencyFixed,
    DiscountCaps,
    NotYourRestaurant,
    RestaurantExists,
    RestaurantNotFound,
    StaleVersion,
    UnknownTimeZone,
)
from services.auth.domain.role import Role, RoleAboveOwn, RoleNotGrantable
from services.auth.domain.session import NoMembership, SessionEnded
from services.auth.domain.standing import OpenedSession
from services.auth.rpc.member import REMOVED, ROLE_CHANGED
from services.auth.rpc.platform import CREATED
from services.auth.rpc.restaurant import FOUNDED, UPDATED
from services.auth.tests.builders import PASSWORD, Town, key, new_town
from services.auth.usecases import member as members
from services.auth.usecases import platform as platforms
from services.auth.usecases import restaurant as restaurants
from services.auth.usecases import session as sessions
from services.auth.usecases.account import Person
from services.auth.usecases.member import ChangeRole, RemoveMember
from services.auth.usecases.platform import CreatePlatform
from services.auth.usecases.restaurant import UpdateRestaurant
from services.auth.wire.restaurant import settings_message, settings_of

# -- platforms -----------------------------------------------------------------------------------------------


async def test_a_platform_of_the_same_name_and_owner_is_made_once(town: Town) -> None:
    command = CreatePlatform("Twice", Person(town.email("boss"), "Boss", PASSWORD, "owner_"))
    await town.warm()
    first, second = await asyncio.gather(
        platforms.create_platform(town.ctx, command, key(), CREATED),
        platforms.create_platform(town.ctx, command, key(), CREATED),
    )
    third = await platforms.create_platform(town.ctx, command, key(), CREATED)
    assert first.platform.id == second.platform.id == third.platform.id
    assert first.owner.id == second.owner.id
    other = replace(command, owner=Person(town.email("else"), "Else", PASSWORD, "owner_"))
    assert (await platforms.create_platform(town.ctx, other, key(), CREATED)).platform.id != first.platform.id


async def test_the_owner_of_a_platform_needs_a_good_password(town: Town) -> None:
    for password, error in (("", PasswordRequired), ("password1234", WeakPassword)):
        command = CreatePlatform("P", Person(town.email("new"), "New", password, "owner_"))
        with pytest.raises(error) as refused:
            await platforms.create_platform(town.ctx, command, key(), CREATED)
        assert refused.value.fields[0].field == "owner_password"


async def test_nobody_becomes_a_platform_owner_by_an_address_that_is_somebody_elses(town: Town) -> None:
    await town.member(await town.restaurant(), "mia")
    command = CreatePlatform("Hers", Person(town.email("mia"), "Mia", "a-password-of-a-thief", "owner_"))
    with pytest.raises(PasswordMismatch):
        await platforms.create_platform(town.ctx, command, key(), CREATED)
    hers = replace(command, owner=replace(command.owner, password=PASSWORD))
    made = await platforms.create_platform(town.ctx, hers, key(), CREATED)
    # What is there is answered without a password: a second set-up changes nothing.
    again = await platforms.create_platform(town.ctx, command, key(), CREATED)
    assert again.platform.id == made.platform.id


# -- restaurants ---------------------------------------------------------------------------------------------


async def test_a_new_restaurant_has_the_agreed_settings_and_is_announced(
    town: Town, event_recorder: EventRecorder
) -> None:
    casa = await town.restaurant()
    [updated] = await event_recorder.of_type(town.ctx.db, RestaurantUpdated, casa)
    assert updated.settings == common_pb2.RestaurantSettings(
        restaurant_id=str(casa),
        version=1,
        name="Casa",
        currency_code="GBP",
        time_zone="Europe/London",
        bill_mode=common_pb2.BILL_MODE_INCLUSIVE_OPTIONAL,
        service_charge_bp=1250,
        day_cutoff_minutes=240,
        fee_preset="listed",
        platform_id=str(town.platform_id),
        auto_complete=True,
        discount_caps=common_pb2.DiscountCaps(employee_bp=1_000, manager_bp=5_000, owner_bp=10_000),
        country_code="GB",
    )
    [member] = await event_recorder.of_type(town.ctx.db, MemberChanged, casa)
    assert member.membership.role == auth_pb2.ROLE_RESTAURANT_OWNER
    assert member.membership.email == town.email("casa")


async def test_a_repeated_request_makes_no_second_restaurant(
    town: Town, event_recorder: EventRecorder
) -> None:
    command, same = town.restaurant_command("Casa"), key()
    first = await restaurants.create_restaurant(town.ctx, command, same, FOUNDED)
    again = await restaurants.create_restaurant(town.ctx, command, same, FOUNDED)
    other_key = await restaurants.create_restaurant(town.ctx, command, key(), FOUNDED)
    assert first == again == other_key
    with pytest.raises(IdempotencyKeyReuse):
        await restaurants.create_restaurant(town.ctx, command, replace(same, request_hash=b"other"), FOUNDED)
    casa = parse_id(first.restaurant.id)
    assert len(await event_recorder.of_type(town.ctx.db, RestaurantUpdated, casa)) == 1


async def test_ten_equal_requests_at_once_make_one_restaurant(town: Town) -> None:
    command = town.restaurant_command("Casa")
    await town.warm()
    replies = await asyncio.gather(
        *(restaurants.create_restaurant(town.ctx, command, key(), FOUNDED) for _ in range(10))
    )
    assert len({reply.restaurant.id for reply in replies}) == 1


async def test_a_key_is_not_reused_for_another_restaurant(town: Town) -> None:
    same = key()
    await restaurants.create_restaurant(town.ctx, town.restaurant_command("Casa"), same, FOUNDED)
    with pytest.raises(IdempotencyKeyReuse):
        await restaurants.create_restaurant(
            town.ctx, town.restaurant_command("Other"), replace(same, request_hash=b"other"), FOUNDED
        )


async def test_two_restaurants_of_a_platform_have_two_names(town: Town) -> None:
    await town.restaurant("Casa")
    with pytest.raises(RestaurantExists):
        await restaurants.create_restaurant(
            town.ctx, town.restaurant_command("Casa", owner="other"), key(), FOUNDED
        )
    neighbour = await new_town(town.ctx)
    assert await neighbour.restaurant("Casa") != town.restaurants["Casa"]


async def test_only_a_platform_makes_restaurants(town: Town) -> None:
    with pytest.raises(PermissionDenied):
        await restaurants.create_restaurant(
            town.ctx, replace(town.restaurant_command("Casa"), platform_id=None), key(), FOUNDED
        )


async def test_a_time_zone_must_exist(town: Town) -> None:
    with pytest.raises(UnknownTimeZone):
        await restaurants.create_restaurant(
            town.ctx, replace(town.restaurant_command("Casa"), time_zone="Europe/Lodnon"), key(), FOUNDED
        )


async def test_a_change_of_settings_is_the_next_version_and_is_announced_whole(
    town: Town, event_recorder: EventRecorder
) -> None:
    casa = await town.restaurant()
    stored = (await restaurants.get_restaurant(town.ctx, casa)).settings
    wanted = replace(stored, name="Casa Nova", service_charge_bp=0, platform_id=new_id())
    reply = await restaurants.update_restaurant(town.ctx, UpdateRestaurant(casa, key(), wanted), UPDATED)
    assert (reply.restaurant.settings.version, reply.restaurant.settings.name) == (2, "Casa Nova")
    assert reply.restaurant.platform_id == str(town.platform_id)
    [_, event] = await event_recorder.of_type(town.ctx.db, RestaurantUpdated, casa)
    assert event.settings == reply.restaurant.settings
    present = (await restaurants.get_restaurant(town.ctx, casa)).settings
    same = UpdateRestaurant(casa, key(), present)
    unchanged = await restaurants.update_restaurant(town.ctx, same, UPDATED)
    assert unchanged.restaurant.settings.version == 2
    assert len(await event_recorder.of_type(town.ctx.db, RestaurantUpdated, casa)) == 2


async def test_what_each_may_take_off_is_a_setting_and_stays_where_nothing_is_said_of_it(town: Town) -> None:
    casa = await town.restaurant()
    stored = (await restaurants.get_restaurant(town.ctx, casa)).settings
    assert stored.discount_caps == DiscountCaps(1_000, 5_000, 10_000)
    strict = replace(stored, discount_caps=DiscountCaps(0, 2_000, 9_000))
    await restaurants.update_restaurant(town.ctx, UpdateRestaurant(casa, key(), strict), UPDATED)
    said_nothing = replace(strict, version=2, name="Casa Nova", discount_caps=None)
    reply = await restaurants.update_restaurant(
        town.ctx, UpdateRestaurant(casa, key(), said_nothing), UPDATED
    )
    caps = reply.restaurant.settings.discount_caps
    assert (caps.employee_bp, caps.manager_bp, caps.owner_bp) == (0, 2_000, 9_000)
    assert (await restaurants.get_restaurant(town.ctx, casa)).settings.discount_caps == DiscountCaps(
        0, 2_000, 9_000
    )


async def test_address_and_vat_number_stay_until_somebody_says_others_or_takes_them_away(town: Town) -> None:
    casa = await town.restaurant()

    async def change(**changes: object) -> common_pb2.RestaurantSettings:
        stored = (await restaurants.get_restaurant(town.ctx, casa)).settings
        message = settings_message(stored)
        for name in ("address", "vat_number", "country_code"):
            message.ClearField(name)
        message.MergeFrom(common_pb2.RestaurantSettings(**changes))  # type: ignore[arg-type]
        wanted = settings_of(message, casa)
        reply = await restaurants.update_restaurant(town.ctx, UpdateRestaurant(casa, key(), wanted), UPDATED)
        return reply.restaurant.settings

    said = await change(address=" 1 High  Street\n\nLeeds ", vat_number="GB123456789", country_code="IE")
    assert (said.address, said.vat_number, said.country_code) == (
        "1 High Street\nLeeds",
        "GB123456789",
        "IE",
    )
    kept = await change(service_charge_bp=1)
    assert (kept.address, kept.vat_number, kept.country_code) == (
        said.address,
        said.vat_number,
        said.country_code,
    )
    gone = await change(address="", vat_number="")
    assert (gone.HasField("address"), gone.HasField("vat_number"), gone.country_code) == (False, False, "IE")


async def test_settings_are_not_overwritten_by_who_saw_an_older_version(town: Town) -> None:
    casa = await town.restaurant()
    seen = (await restaurants.get_restaurant(town.ctx, casa)).settings
    await town.warm()
    answers = await asyncio.gather(
        *(
            restaurants.update_restaurant(
                town.ctx, UpdateRestaurant(casa, key(), replace(seen, service_charge_bp=bp)), UPDATED
            )
            for bp in (100, 200, 300)
        ),
        return_exceptions=True,
    )
    assert sorted(type(answer).__name__ for answer in answers) == [
        "StaleVersion",
        "StaleVersion",
        "UpdateRestaurantResponse",
    ]
    with pytest.raises(StaleVersion) as refused:
        await restaurants.update_restaurant(
            town.ctx, UpdateRestaurant(casa, key(), replace(seen, name="Late")), UPDATED
        )
    assert refused.value.metadata == {"version": "2"}


async def test_neither_the_currency_nor_another_restaurant_can_be_changed(town: Town) -> None:
    casa, other = await town.restaurant("Casa"), await town.restaurant("Other")
    stored = (await restaurants.get_restaurant(town.ctx, casa)).settings
    with pytest.raises(CurrencyFixed):
        await restaurants.update_restaurant(
            town.ctx, UpdateRestaurant(casa, key(), replace(stored, currency_code="EUR")), UPDATED
        )
    with pytest.raises(NotYourRestaurant):
        await restaurants.update_restaurant(town.ctx, UpdateRestaurant(other, key(), stored), UPDATED)
    with pytest.raises(RestaurantExists):
        await restaurants.update_restaurant(
            town.ctx, UpdateRestaurant(casa, key(), replace(stored, name="Other")), UPDATED
        )


async def test_an_unknown_restaurant_is_not_found(town: Town) -> None:
    with pytest.raises(RestaurantNotFound):
        await restaurants.get_restaurant(town.ctx, new_id())


async def test_people_list_their_restaurants_page_by_page(town: Town) -> None:
    ids = [await town.restaurant(name) for name in ("C", "A", "B")]
    mia = await town.member(ids[1], "mia")
    page = await restaurants.list_restaurants(town.ctx, town.owner_id, limit=2, after=None)
    last = page[-1].settings
    rest = await restaurants.list_restaurants(town.ctx, town.owner_id, limit=2, after=last.restaurant_id)
    assert [each.settings.name for each in page + rest] == ["A", "B", "C"]
    own = await restaurants.list_restaurants(town.ctx, mia, limit=50, after=None)
    assert [each.settings.restaurant_id for each in own] == [ids[1]]


# -- members -------------------------------------------------------------------------------------------------


async def test_a_changed_role_reaches_the_next_token_and_kills_the_old_one(
    town: Town, fake_clock: FakeClock, event_recorder: EventRecorder
) -> None:
    casa = await town.restaurant()
    mia = await town.member(casa, "mia", Role.MANAGER)
    opened = await town.log_in("mia")
    before = await town.principal(opened)
    fake_clock.advance(timedelta(seconds=1))
    for _ in range(2):  # the second changes nothing
        reply = await members.change_role(
            town.ctx, ChangeRole(casa, key(), Role.RESTAURANT_OWNER, mia, Role.EMPLOYEE), ROLE_CHANGED
        )
    assert reply.membership.role == auth_pb2.ROLE_EMPLOYEE
    [event] = await event_recorder.of_type(town.ctx.db, SessionsRevoked, casa)
    assert event.revocation.id == str(before.session_id)
    assert event.revocation.valid_after.ToDatetime(tzinfo=before.issued_at.tzinfo) > before.issued_at
    fresh = await town.principal(await sessions.refresh(town.ctx, opened.refresh_token, ""))
    assert (fresh.subject, fresh.role) == (mia, "employee")
    assert fresh.issued_at >= event.revocation.valid_after.ToDatetime(tzinfo=before.issued_at.tzinfo)
    *_, changed = await event_recorder.of_type(town.ctx.db, MemberChanged, casa)
    assert (changed.membership.user_id, changed.membership.role) == (str(mia), auth_pb2.ROLE_EMPLOYEE)


async def test_a_role_is_given_only_to_members_and_never_above_ones_own(town: Town) -> None:
    casa, other = await town.restaurant("Casa"), await town.restaurant("Other")
    mia, stranger = await town.member(casa, "mia"), await town.member(other, "ben")
    owner = (await town.log_in("casa")).standing.user.id
    for own, whom, role, error in (
        (Role.RESTAURANT_OWNER, mia, Role.PLATFORM_OWNER, RoleNotGrantable),
        (Role.MANAGER, mia, Role.RESTAURANT_OWNER, RoleAboveOwn),
        (Role.MANAGER, owner, Role.EMPLOYEE, RoleAboveOwn),
        (Role.RESTAURANT_OWNER, stranger, Role.MANAGER, MemberNotFound),
        (Role.RESTAURANT_OWNER, owner, Role.MANAGER, LastOwner),
    ):
        with pytest.raises(error):
            await members.change_role(town.ctx, ChangeRole(casa, key(), own, whom, role), ROLE_CHANGED)


async def test_a_removed_member_loses_their_sessions_here_and_keeps_them_elsewhere(
    town: Town, fake_clock: FakeClock, event_recorder: EventRecorder
) -> None:
    casa, other = await town.restaurant("Casa"), await town.restaurant("Other")
    mia = await town.member(casa, "mia")
    fake_clock.advance(timedelta(seconds=1))
    await town.member(other, "mia")
    here, left = await town.log_in("mia"), await town.log_in("mia")
    fake_clock.advance(timedelta(seconds=1))
    there = await sessions.switch_restaurant(town.ctx, await town.caller(left), other)
    await members.remove_member(town.ctx, RemoveMember(casa, key(), mia), REMOVED)
    with pytest.raises(SessionEnded):
        await sessions.refresh(town.ctx, here.refresh_token, "")
    await sessions.refresh(town.ctx, there.refresh_token, "")
    events = await event_recorder.of_type(town.ctx.db, SessionsRevoked, casa)
    ended, moved = [await town.principal(each) for each in (here, there)]
    assert [event.revocation.id for event in events] == [str(ended.session_id), str(moved.session_id)]
    # What the other took along from here dies; what it may do there does not.
    assert events[1].revocation.valid_after.ToDatetime(UTC) == moved.issued_at
    [*_, gone] = await event_recorder.of_type(town.ctx.db, MemberChanged, casa)
    assert (gone.removed, gone.membership.user_id) == (True, str(mia))
    with pytest.raises(RestaurantNotFound):
        await sessions.switch_restaurant(town.ctx, await town.caller(there), casa)


async def test_who_belongs_nowhere_does_not_log_in(town: Town) -> None:
    casa = await town.restaurant()
    mia = await town.member(casa, "mia")
    await members.remove_member(town.ctx, RemoveMember(casa, key(), mia), REMOVED)
    with pytest.raises(NoMembership):
        await town.log_in("mia")


async def test_no_session_slips_through_while_a_member_is_removed(town: Town) -> None:
    casa = await town.restaurant()
    mia = await town.member(casa, "mia")
    await town.warm()
    answers = await asyncio.gather(
        *(town.log_in("mia") for _ in range(6)),
        members.remove_member(town.ctx, RemoveMember(casa, key(), mia), REMOVED),
        *(town.log_in("mia") for _ in range(6)),
        return_exceptions=True,
    )
    opened = [answer for answer in answers if isinstance(answer, OpenedSession)]
    assert type(answers[6]).__name__ == "RemoveMemberResponse"
    assert {type(answer) for answer in answers} - {OpenedSession} == {type(answers[6]), NoMembership}
    for each in opened:
        with pytest.raises(SessionEnded):
            await sessions.refresh(town.ctx, each.refresh_token, "")


async def test_the_last_owner_stays(town: Town) -> None:
    casa = await town.restaurant()
    owner = parse_id((await town.log_in("casa")).standing.user.id.hex)
    with pytest.raises(LastOwner):
        await members.remove_member(town.ctx, RemoveMember(casa, key(), owner), REMOVED)
    second = await town.member(casa, "second", Role.RESTAURANT_OWNER)
    await town.warm()
    answers = await asyncio.gather(
        members.remove_member(town.ctx, RemoveMember(casa, key(), owner), REMOVED),
        members.remove_member(town.ctx, RemoveMember(casa, key(), second), REMOVED),
        return_exceptions=True,
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["LastOwner", "RemoveMemberResponse"]


async def test_strangers_cannot_be_removed(town: Town) -> None:
    casa, other = await town.restaurant("Casa"), await town.restaurant("Other")
    mia = await town.member(other, "mia")
    with pytest.raises(MemberNotFound):
        await members.remove_member(town.ctx, RemoveMember(casa, key(), mia), REMOVED)


async def test_members_are_listed_by_name_and_only_of_this_restaurant(town: Town) -> None:
    casa, other = await town.restaurant("Casa"), await town.restaurant("Other")
    for who in ("zoe", "adam"):
        await town.member(casa, who)
    await town.member(other, "ben")
    found = await members.list_members(town.ctx, casa, limit=2, after=None)
    assert isinstance(found[-1], Membership)
    rest = await members.list_members(town.ctx, casa, limit=2, after=found[-1].user_id)
    assert [each.name for each in found + rest] == ["Adam", "Owner of Casa", "Zoe"]
