"""The whole service over gRPC: real server, real tokens of its own, real Postgres and NATS."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import grpc
import nats
import pytest
from fynlo.auth.v1 import auth_pb2
from fynlo.auth.v1 import auth_service_pb2 as auth_api
from fynlo.auth.v1 import people_service_pb2 as people_api
from fynlo.auth.v1.auth_service_pb2_grpc import AuthServiceStub
from fynlo.auth.v1.events_pb2 import RestaurantUpdated, SessionsRevoked
from fynlo.auth.v1.people_service_pb2_grpc import PeopleServiceStub
from fynlo.common.v1.common_pb2 import PageRequest
from pydantic import SecretStr

from chassis.clock import SystemClock
from chassis.errors import (
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Problem,
    ResourceExhausted,
    Unauthenticated,
    Unprocessable,
)
from chassis.ids import new_id
from chassis.rpc import acting_for, inbound, open_channel, was_replayed
from harness.fixtures import ModuleDatabases
from harness.rpc import PATIENT_SECONDS, identity_for_tests, keys_for_tests
from services.auth.main import build
from services.auth.settings import AuthSettings
from services.auth.tests.builders import PASSWORD, signing_keys

if TYPE_CHECKING:
    from fynlo.auth.v1.auth_service_pb2_grpc import AuthServiceAsyncStub
    from fynlo.auth.v1.people_service_pb2_grpc import PeopleServiceAsyncStub


@dataclass(slots=True)
class Running:
    """A started service and a stub that calls it as the gateway."""

    stub: "AuthServiceAsyncStub"
    people: "PeopleServiceAsyncStub"
    nats_url: str
    address: str
    seed: "AuthServiceAsyncStub"
    """The same of the process that makes platforms."""

    @contextmanager
    def as_session(self, session: auth_pb2.Session) -> Iterator[None]:
        """Calls inside carry the session's access token."""
        with inbound(budget_seconds=PATIENT_SECONDS, token=session.access_token):
            yield

    async def log_in(self, email: str, password: str = PASSWORD) -> auth_pb2.Session:
        """A session."""
        request = auth_api.LogInRequest(email=email, password=password, client=auth_pb2.CLIENT_KIND_IOS)
        with inbound(budget_seconds=PATIENT_SECONDS):
            reply: auth_api.LogInResponse = await self.stub.LogIn(request)
        return reply.session

    async def platform(self) -> str:
        """The address of the owner of a new platform."""
        email = f"platform-{new_id()}@example.test"
        request = auth_api.CreatePlatformRequest(
            request_id=email, name=email, owner_email=email, owner_name="Pia", owner_password=PASSWORD
        )
        with acting_for(new_id(), budget_seconds=PATIENT_SECONDS):
            await self.seed.CreatePlatform(request)
        return email

    async def restaurant(self, owner: str | None = None) -> tuple[auth_pb2.Session, auth_pb2.Session]:
        """Sessions of a platform owner and of the owner of its new restaurant."""
        platform = await self.log_in(await self.platform())
        email = owner or f"owner-{new_id()}@example.test"
        with self.as_session(platform):
            await self.stub.CreateRestaurant(restaurant_request(email))
        return platform, await self.accept(email)

    async def mails_to(self, email: str) -> list[people_api.OutboxMail]:
        """What the service has sent to an address, newest first."""
        with acting_for(new_id(), budget_seconds=PATIENT_SECONDS):
            reply = await self.people.ListOutbox(people_api.ListOutboxRequest(recipient=email))
        return list(reply.mails)

    async def token_sent_to(self, email: str) -> str:
        """The secret of the newest link to an address; waits for it."""
        async with asyncio.timeout(PATIENT_SECONDS):
            while True:
                for mail in await self.mails_to(email):
                    if mail.link:
                        return mail.link.partition("#")[2]
                await asyncio.sleep(0.02)

    async def accept(self, email: str, name: str = "") -> auth_pb2.Session:
        """The holder of the mailbox takes up the invitation with PASSWORD."""
        token = await self.token_sent_to(email)
        request = people_api.AcceptInvitationRequest(token=token, password=PASSWORD, name=name)
        with inbound(budget_seconds=PATIENT_SECONDS):
            return (await self.people.AcceptInvitation(request)).session

    async def invite(self, email: str, name: str, role: auth_pb2.Role.ValueType) -> auth_pb2.Invitation:
        """Within ``as_session``."""
        request = people_api.InviteRequest(request_id=str(new_id()), email=email, name=name, role=role)
        return (await self.people.Invite(request)).invitation


def restaurant_request(owner_email: str, request_id: str = "") -> auth_api.CreateRestaurantRequest:
    """Casa in London."""
    return auth_api.CreateRestaurantRequest(
        request_id=request_id or str(new_id()),
        name="Casa",
        currency_code="GBP",
        time_zone="Europe/London",
        owner_email=owner_email,
        owner_name="Olga",
    )


@pytest.fixture
async def auth(module_databases: ModuleDatabases, nats_url: str) -> AsyncIterator[Running]:
    """auth on a free port."""
    settings = AuthSettings(
        **keys_for_tests("auth"),
        admin_port=0,
        grpc_port=0,
        database_url=await module_databases.service_url("auth"),
        nats_url=nats_url,
        drain_grace_seconds=1.0,
        auth_signing_keys=SecretStr(signing_keys("new", "old")),
        mail_adapter="local",
    )
    async with await build(settings) as service:
        address = f"127.0.0.1:{service.grpc_port}"
        channels = (
            open_channel(
                address,
                peer="auth",
                identity=identity_for_tests(name, SystemClock()),
                call_seconds=PATIENT_SECONDS,
            )
            for name in ("gateway", "orders", "seed")
        )
        gateway, orders, seed = channels
        async with gateway, orders, seed:
            yield Running(
                AuthServiceStub(orders),
                PeopleServiceStub(gateway),
                nats_url,
                address,
                AuthServiceStub(seed),
            )


async def refused(call: object, kind: type[Problem]) -> Problem:
    """The problem a call comes back with."""
    with pytest.raises(kind) as problem:
        await call  # type: ignore[misc]
    return problem.value


async def test_from_the_first_platform_to_a_waiter_at_work(auth: Running) -> None:
    platform, owner = await auth.restaurant()
    assert platform.role == auth_pb2.ROLE_PLATFORM_OWNER
    assert not platform.HasField("restaurant")
    assert owner.restaurant.name == "Casa"
    assert owner.expires_in_seconds == 900
    email = f"w-{new_id()}@example.test"
    waiter = people_api.InviteRequest(request_id="1", email=email, name="Will", role=auth_pb2.ROLE_EMPLOYEE)
    with auth.as_session(owner):
        invited = await auth.people.Invite(waiter)
        again = auth.people.Invite(waiter)
        assert await again == invited
        assert await was_replayed(again)
        listed = (await auth.stub.ListMembers(auth_api.ListMembersRequest())).members
        added = auth_api.AddMemberRequest(
            request_id="2", email=email, name="W", password=PASSWORD, role=auth_pb2.ROLE_EMPLOYEE
        )
        problem = await refused(auth.stub.AddMember(added), Unprocessable)
        assert problem.reason == "INVITATION_REQUIRED"
    pending = auth_pb2.MEMBERSHIP_STATE_PENDING
    assert [(one.name, one.user_id != "", one.state == pending) for one in listed] == [
        ("Olga", True, False),
        ("Will", False, True),
    ]
    session = await auth.accept(email)
    with auth.as_session(session):
        me = await auth.stub.GetMe(auth_api.GetMeRequest())
        assert (me.user.name, me.role, me.restaurant.name) == ("Will", auth_pb2.ROLE_EMPLOYEE, "Casa")
        assert "orders.place" in me.permissions
        problem = await refused(auth.stub.ListMembers(auth_api.ListMembersRequest()), PermissionDenied)
        assert problem.reason == "PERMISSION_MISSING"
    with auth.as_session(owner):
        await auth.stub.RemoveMember(auth_api.RemoveMemberRequest(request_id="2", user_id=me.user.id))
    request = auth_api.RefreshSessionRequest(refresh_token=session.refresh_token)
    assert (await refused(auth.stub.RefreshSession(request), Unauthenticated)).reason == "TOKEN_REVOKED"


async def test_who_may_call_what(auth: Running) -> None:
    platform, owner = await auth.restaurant()
    await refused(auth.stub.GetMe(auth_api.GetMeRequest()), PermissionDenied)
    with inbound(budget_seconds=PATIENT_SECONDS, token="a.b.c"):
        await refused(auth.stub.GetMe(auth_api.GetMeRequest()), Unauthenticated)
    platform_request = auth_api.CreatePlatformRequest(
        request_id="x", name="X", owner_email="x@example.test", owner_name="X", owner_password=PASSWORD
    )
    with auth.as_session(owner):
        await refused(auth.stub.CreateRestaurant(restaurant_request("a@example.test")), PermissionDenied)
    async with grpc.aio.insecure_channel(auth.address) as plain:
        person: AuthServiceAsyncStub = AuthServiceStub(plain)
        bearer = (("authorization", f"Bearer {owner.access_token}"),)
        for call in (
            person.CreatePlatform(platform_request, metadata=bearer),
            person.ListRevocations(auth_api.ListRevocationsRequest(), metadata=bearer),
            person.GetRestaurant(
                auth_api.GetRestaurantRequest(restaurant_id=owner.restaurant.restaurant_id), metadata=bearer
            ),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as answer:
                await call
            assert answer.value.code() is grpc.StatusCode.PERMISSION_DENIED
    with auth.as_session(platform):
        await refused(auth.stub.ListMembers(auth_api.ListMembersRequest()), PermissionDenied)


async def test_a_platform_owner_works_inside_the_restaurant_they_switch_to(auth: Running) -> None:
    platform, owner = await auth.restaurant()
    with auth.as_session(platform):
        switched = await auth.stub.SwitchRestaurant(
            auth_api.SwitchRestaurantRequest(restaurant_id=owner.restaurant.restaurant_id)
        )
        foreign = auth_api.SwitchRestaurantRequest(restaurant_id=str(new_id()))
        await refused(auth.stub.SwitchRestaurant(foreign), NotFound)
    with auth.as_session(switched.session):
        members = await auth.stub.ListMembers(auth_api.ListMembersRequest())
    assert [member.email for member in members.members] == [owner.user.email]


async def test_events_reach_the_stream(auth: Running) -> None:
    client = await nats.connect(auth.nats_url)
    told = await client.subscribe("fynlo.auth.v1.SessionsRevoked.*")
    news = await client.subscribe("fynlo.auth.v1.RestaurantUpdated.*")
    _, owner = await auth.restaurant()
    message = await news.next_msg(timeout=PATIENT_SECONDS)
    settings = RestaurantUpdated.FromString(message.data).settings
    assert message.subject == f"fynlo.auth.v1.RestaurantUpdated.{settings.restaurant_id}"
    with auth.as_session(owner):
        await auth.stub.LogOut(auth_api.LogOutRequest())
        request = auth_api.RefreshSessionRequest(refresh_token=owner.refresh_token)
        await refused(auth.stub.RefreshSession(request), Unauthenticated)
    revocation = SessionsRevoked.FromString((await told.next_msg(timeout=PATIENT_SECONDS)).data).revocation
    with acting_for(UUID(settings.restaurant_id), budget_seconds=PATIENT_SECONDS):
        listed = await auth.stub.ListRevocations(auth_api.ListRevocationsRequest())
        read = await auth.stub.GetRestaurant(
            auth_api.GetRestaurantRequest(restaurant_id=settings.restaurant_id)
        )
    assert revocation in listed.revocations
    assert read.restaurant.settings == settings
    await client.close()


async def test_settings_are_changed_by_the_owner_with_the_version_they_saw(auth: Running) -> None:
    _, owner = await auth.restaurant()
    wanted = owner.restaurant
    wanted.service_charge_bp = 1000
    with auth.as_session(owner):
        reply = await auth.stub.UpdateRestaurant(
            auth_api.UpdateRestaurantRequest(request_id="1", settings=wanted)
        )
        assert (reply.restaurant.settings.version, reply.restaurant.settings.service_charge_bp) == (2, 1000)
        stale = await refused(
            auth.stub.UpdateRestaurant(auth_api.UpdateRestaurantRequest(request_id="2", settings=wanted)),
            Problem,
        )
    assert stale.reason == "STALE_VERSION"


async def test_a_price_list_that_payments_do_not_know_is_refused(auth: Running) -> None:
    _, owner = await auth.restaurant()
    wanted = owner.restaurant
    with auth.as_session(owner):
        wanted.fee_preset = "generous"
        request = auth_api.UpdateRestaurantRequest(request_id="1", settings=wanted)
        problem = await refused(auth.stub.UpdateRestaurant(request), InvalidArgument)
        [field] = problem.fields
        assert field.field == "settings.fee_preset"
        assert "stripe_uk_in_person" in field.detail
        wanted.fee_preset = "stripe_uk_in_person"
        reply = await auth.stub.UpdateRestaurant(
            auth_api.UpdateRestaurantRequest(request_id="2", settings=wanted)
        )
        wanted.fee_preset, wanted.version = "", 2
        kept = await auth.stub.UpdateRestaurant(
            auth_api.UpdateRestaurantRequest(request_id="3", settings=wanted)
        )
    assert reply.restaurant.settings.fee_preset == "stripe_uk_in_person"
    assert kept.restaurant.settings == reply.restaurant.settings


async def test_pages_follow_one_another_and_foreign_cursors_are_refused(auth: Running) -> None:
    _, owner = await auth.restaurant()
    with auth.as_session(owner):
        for number in range(3):
            await auth.invite(f"{new_id()}@example.test", f"M{number}", auth_pb2.ROLE_EMPLOYEE)
        names, cursor = [], ""
        for _ in range(2):
            page = await auth.stub.ListMembers(
                auth_api.ListMembersRequest(page=PageRequest(limit=2, cursor=cursor))
            )
            names += [each.name for each in page.members]
            cursor = page.next_cursor
        assert (names, cursor) == (["M0", "M1", "M2", "Olga"], "")
        for bad in ("x", "%%%", "WzFd", "e30=", "A" * 512):
            request = auth_api.ListMembersRequest(page=PageRequest(cursor=bad))
            assert (await refused(auth.stub.ListMembers(request), InvalidArgument)).reason == "INVALID_CURSOR"


async def test_a_locked_out_guesser_is_told_when_to_come_back(auth: Running) -> None:
    email = f"nobody-{new_id()}@example.test"
    for _ in range(5):
        problem = await refused(auth.log_in(email, "wrong"), Unauthenticated)
        assert problem.reason == "INVALID_CREDENTIALS"
    fifth = time.monotonic()
    problem = await refused(auth.log_in(email, "wrong"), ResourceExhausted)
    assert problem.reason == "LOCKED_OUT"
    # Half a minute from the fifth try, of which some is over.
    passed = time.monotonic() - fifth
    assert 29 - passed <= int(problem.metadata["retry_after_seconds"]) <= 31


async def test_a_password_that_somebody_else_sends_is_not_looked_at(auth: Running) -> None:
    email = f"{new_id()}@example.test"
    platform = await auth.log_in(await auth.platform())
    request = restaurant_request(email, request_id="same")
    with auth.as_session(platform):
        first = await auth.stub.CreateRestaurant(request)
        request.owner_password = "another-long-password"
        assert await auth.stub.CreateRestaurant(request) == first
    assert (first.owner.id, first.owner.email) == ("", email)
    await refused(auth.log_in(email, "another-long-password"), Unauthenticated)


async def test_twenty_racing_refreshes_over_grpc_get_one_successor(auth: Running) -> None:
    _, owner = await auth.restaurant()
    request = auth_api.RefreshSessionRequest(refresh_token=owner.refresh_token)
    replies = await asyncio.gather(*(auth.stub.RefreshSession(request) for _ in range(20)))
    assert len({reply.session.refresh_token for reply in replies}) == 1
