"""What matters for security leaves a line, once, and no line has a secret or an e-mail address in it."""

from collections.abc import MutableMapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from chassis.clock import FakeClock
from services.auth.domain.guess import LOCK, LockedOut
from services.auth.domain.role import Role
from services.auth.domain.session import InvalidCredentials, TokenReused
from services.auth.rpc.invitation import REVOKED
from services.auth.rpc.member import REMOVED, ROLE_CHANGED
from services.auth.rpc.restaurant import UPDATED
from services.auth.tests.builders import PASSWORD, Town, key
from services.auth.usecases import invitation as invitations
from services.auth.usecases import member as members
from services.auth.usecases import password as passwords
from services.auth.usecases import restaurant as restaurants
from services.auth.usecases import session as sessions
from services.auth.usecases.invitation import RevokeInvitation
from services.auth.usecases.member import ChangeRole, RemoveMember
from services.auth.usecases.restaurant import UpdateRestaurant

WRONG = "not-the-password-at-all"
Lines = list[MutableMapping[str, Any]]


def events(lines: Lines) -> list[str]:
    return [line["event"] for line in lines if line.get("part") == "audit"]


def check_silent(lines: Lines, *secrets: str) -> None:
    """Raises AssertionError where a line has one of these, a password or an address of e-mail in it."""
    text = repr(lines)
    assert not [secret for secret in (*secrets, PASSWORD, WRONG, "@example.test") if secret in text]


async def test_logging_in_and_out_and_moving_on_leave_their_lines(town: Town, fake_clock: FakeClock) -> None:
    casa, other = await town.restaurant("Casa"), await town.restaurant("Other")
    mia = await town.member(casa, "mia")
    fake_clock.advance(timedelta(minutes=1))  # she enters the restaurant that she joined first
    await town.member(other, "mia")
    with capture_logs() as lines:
        opened = await town.log_in("mia", device="ipad-7", address="192.0.2.1")
        caller = await town.caller(opened)
        there = await sessions.switch_restaurant(town.ctx, caller, other)
        await sessions.log_out(town.ctx, caller, everywhere=False)
    assert events(lines) == ["auth.logged_in", "auth.restaurant_entered", "auth.logged_out"]
    assert (lines[0]["user_id"], lines[0]["restaurant_id"]) == (mia, casa)
    assert (lines[0]["device_id"], lines[0]["address"]) == ("ipad-7", "192.0.2.1")
    assert (lines[1]["entered_restaurant_id"], lines[2]["user_id"]) == (other, mia)
    tokens = [token for one in (opened, there) for token in (one.access_token, one.refresh_token)]
    check_silent(lines, *tokens)


async def test_every_wrong_guess_leaves_a_line_and_the_one_that_locks_another(town: Town) -> None:
    mia = await town.member(await town.restaurant(), "mia")
    with capture_logs() as lines:
        for _ in range(LOCK.free_failures):
            with pytest.raises(InvalidCredentials):
                await town.log_in("mia", password=WRONG, address="192.0.2.2")
        with pytest.raises(LockedOut):
            await town.log_in("mia", address="192.0.2.2")
    assert events(lines) == ["auth.log_in_refused"] * LOCK.free_failures + ["auth.locked_out"]
    assert [line["failures"] for line in lines[:-1]] == list(range(1, LOCK.free_failures + 1))
    until = (town.ctx.db.clock.now() + LOCK.first_delay).isoformat()
    assert (lines[-1]["user_id"], lines[-1]["locked"], lines[-1]["until"]) == (mia, "place", until)
    check_silent(lines)


async def test_a_guess_at_an_address_that_nobody_has_leaves_a_line_without_it(town: Town) -> None:
    with capture_logs() as lines, pytest.raises(InvalidCredentials):
        await town.log_in("nobody", password=WRONG, address="192.0.2.3")
    assert events(lines) == ["auth.log_in_refused"]
    assert (lines[0]["user_id"], lines[0]["address"]) == (None, "192.0.2.3")
    check_silent(lines)


async def test_a_reused_refresh_token_leaves_a_line_without_the_token(
    town: Town, fake_clock: FakeClock
) -> None:
    await town.restaurant()
    opened = await town.log_in("casa", device="ipad")
    await sessions.refresh(town.ctx, opened.refresh_token, "ipad")
    fake_clock.advance(timedelta(minutes=1))
    with capture_logs() as lines, pytest.raises(TokenReused):
        await sessions.refresh(town.ctx, opened.refresh_token, "ipad")
    assert events(lines) == ["auth.token_reused"]
    assert lines[0]["user_id"] == opened.standing.user.id
    check_silent(lines, opened.refresh_token)


async def test_who_may_what_is_written_down_when_it_changes_and_only_then(town: Town) -> None:
    casa = await town.restaurant()
    with capture_logs() as lines:
        withdrawn = await town.invite(casa, "ben")
        await invitations.revoke_invitation(
            town.ctx, RevokeInvitation(casa, key(), Role.MANAGER, withdrawn), REVOKED
        )
        mia = await town.member(casa, "mia")
        for _ in range(2):
            await members.change_role(
                town.ctx, ChangeRole(casa, key(), Role.RESTAURANT_OWNER, mia, Role.MANAGER), ROLE_CHANGED
            )
        await town.log_in("mia")
        await members.remove_member(town.ctx, RemoveMember(casa, key(), mia), REMOVED)
    changes = [line for line in lines if line["event"] != "auth.logged_in" and line.get("part") == "audit"]
    assert [(line["event"], line.get("role"), line.get("former_role")) for line in changes] == [
        ("auth.member_invited", Role.EMPLOYEE, None),
        ("auth.invitation_revoked", None, None),
        ("auth.member_invited", Role.EMPLOYEE, None),
        ("auth.member_added", Role.EMPLOYEE, None),
        ("auth.role_changed", Role.MANAGER, Role.EMPLOYEE),
        ("auth.member_removed", None, Role.MANAGER),
    ]
    assert {line["user_id"] for line in changes if "user_id" in line} == {mia}
    assert changes[-1]["sessions_ended"] == 1
    check_silent(lines, await town.token_sent_to(town.email("mia")))


async def test_passwords_that_change_leave_their_lines_without_them(town: Town) -> None:
    await town.restaurant()
    opened = await town.log_in("casa")
    with capture_logs() as lines:
        change = passwords.Change(PASSWORD, WRONG)
        await passwords.change_password(town.ctx, await town.caller(opened), change)
        await passwords.request_reset(town.ctx, town.email("casa"), "192.0.2.9")
        token = await town.token_sent_to(town.email("casa"))
        await passwords.reset_password(town.ctx, token, PASSWORD, "192.0.2.9")
    assert events(lines) == ["auth.password_changed", "auth.password_reset_requested", "auth.password_reset"]
    assert lines[0]["user_id"] == lines[-1]["user_id"] == opened.standing.user.id
    check_silent(lines, token)


async def test_a_change_of_settings_says_what_was_and_what_is(town: Town) -> None:
    with capture_logs() as lines:
        casa = await town.restaurant()
        stored = (await restaurants.get_restaurant(town.ctx, casa)).settings
        wanted, same = replace(stored, service_charge_bp=0, fee_preset="stripe_uk_online"), key()
        await restaurants.update_restaurant(town.ctx, UpdateRestaurant(casa, same, wanted), UPDATED)
        await restaurants.update_restaurant(town.ctx, UpdateRestaurant(casa, same, wanted), UPDATED)
        await restaurants.update_restaurant(
            town.ctx, UpdateRestaurant(casa, key(), replace(wanted, version=2)), UPDATED
        )
    assert events(lines) == ["auth.restaurant_created", "auth.member_added", "auth.settings_changed"]
    assert lines[-1]["changes"] == {
        "version": [1, 2],
        "service_charge_bp": [1250, 0],
        "fee_preset": ["listed", "stripe_uk_online"],
    }
    check_silent(lines)
