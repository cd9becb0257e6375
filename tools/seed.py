"""Puts the demo restaurants into a running system: ``python -m tools.seed``.

Speaks gRPC as a person would, after the platform itself has been made with a service's identity; the people
of the demo are invited and accept, with the links of the mail that stays on this machine. Looks before it
acts, so that a second run changes nothing and takes a fraction of a second; what somebody changed in the demo
stays.
"""

import asyncio
import hashlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fynlo.auth.v1 import auth_pb2
from fynlo.auth.v1 import auth_service_pb2 as auth_api
from fynlo.auth.v1 import people_service_pb2 as people_api
from fynlo.auth.v1.auth_service_pb2_grpc import AuthServiceStub
from fynlo.auth.v1.people_service_pb2_grpc import PeopleServiceStub
from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api
from fynlo.catalog.v1.catalog_service_pb2_grpc import CatalogServiceStub
from fynlo.orders.v1 import floor_pb2
from fynlo.orders.v1 import floor_service_pb2 as floor_api
from fynlo.orders.v1 import orders_service_pb2 as orders_api
from fynlo.orders.v1.floor_service_pb2_grpc import FloorServiceStub
from fynlo.orders.v1.orders_service_pb2_grpc import KitchenServiceStub
from fynlo.staff.v1 import staff_pb2
from fynlo.staff.v1 import staff_service_pb2 as staff_api
from fynlo.staff.v1.staff_service_pb2_grpc import StaffServiceStub

from chassis.clock import SystemClock
from chassis.errors import Problem
from chassis.ids import new_id
from chassis.process import composition
from chassis.process.settings import IdentitySettings
from chassis.rpc import inbound
from tools.demo import MANAGER, OWNER, PASSWORD, PLATFORM_OWNER, SECOND_OWNER, TILL
from tools.demo.kitchen import KITCHEN, STATIONS, station_of

if TYPE_CHECKING:
    from fynlo.auth.v1.auth_service_pb2_grpc import AuthServiceAsyncStub
    from fynlo.auth.v1.people_service_pb2_grpc import PeopleServiceAsyncStub
    from fynlo.catalog.v1.catalog_service_pb2_grpc import CatalogServiceAsyncStub
    from fynlo.orders.v1.floor_service_pb2_grpc import FloorServiceAsyncStub
    from fynlo.orders.v1.orders_service_pb2_grpc import KitchenServiceAsyncStub
    from fynlo.staff.v1.staff_service_pb2_grpc import StaffServiceAsyncStub

BUDGET_SECONDS = 60.0
CALL_SECONDS = 10.0
"""The first calls of fresh processes: a log-in costs a password hash, an import writes a whole menu."""
MENU_FILE = Path(__file__).parent / "demo" / "menu.csv"
PLATFORM_NAME = "Fynlo Demo"
CURRENCY, TIME_ZONE = "GBP", "Europe/London"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the demo. ``hourly_rate_minor`` in pence."""

    email: str
    name: str
    job: str
    hourly_rate_minor: int


PLATFORM = Person(PLATFORM_OWNER, "Priya Platform", "operator", 0)
CASA_OWNER = Person(OWNER, "Olivia Owner", "owner", 0)
CASA_MANAGER = Person(MANAGER, "Marco Manager", "manager", 1_650)
CASA_TILL = Person(TILL, "Tilly Till", "server", 1_280)
SECOND = Person(SECOND_OWNER, "Sven Second", "owner", 0)
CASA_MEMBERS = (
    (CASA_OWNER, auth_pb2.ROLE_RESTAURANT_OWNER),
    (CASA_MANAGER, auth_pb2.ROLE_MANAGER),
    (CASA_TILL, auth_pb2.ROLE_EMPLOYEE),
)
SECOND_MEMBERS = ((SECOND, auth_pb2.ROLE_RESTAURANT_OWNER),)
CASA_ADDRESS = "12 Camden High Street\nLondon NW1 0JH", "GB123456789"
MAIL_SECONDS = 20.0
"""How long a mail is waited for."""
MAIL_PAUSE_SECONDS = 0.05
FLOOR = {"Dining room": 8, "Terrace": 4}
"""Sections and how many tables each has, numbered through."""
TABLES_IN_A_ROW = 4
SEATS = (2, 4, 4, 6)
SHAPES = (
    floor_pb2.TABLE_SHAPE_ROUND,
    floor_pb2.TABLE_SHAPE_SQUARE,
    floor_pb2.TABLE_SHAPE_SQUARE,
    floor_pb2.TABLE_SHAPE_RECTANGLE,
)


class SeedSettings(IdentitySettings):
    """Where the services are, and the key that proves who this is."""

    service_name: str = "seed"
    auth_address: str
    catalog_address: str
    orders_address: str
    staff_address: str


@dataclass(slots=True)
class Peers:
    """The services that the demo lives in."""

    auth: "AuthServiceAsyncStub"
    people: "PeopleServiceAsyncStub"
    catalog: "CatalogServiceAsyncStub"
    kitchen: "KitchenServiceAsyncStub"
    floor: "FloorServiceAsyncStub"
    staff: "StaffServiceAsyncStub"
    changes: list[str] = field(default_factory=list)
    """What this run added, for people to read."""


async def seed(peers: Peers) -> list[str]:
    """Adds what is missing; what was added. Raises Problem."""
    await _platform(peers)
    platform_owner = await _log_in(peers, PLATFORM)
    with _as(platform_owner):
        known = await peers.auth.ListRestaurants(auth_api.ListRestaurantsRequest(), timeout=CALL_SECONDS)
        ids = {each.settings.name: each.id for each in known.restaurants}
        casa_id = ids.get("Casa Demo") or await _restaurant(peers, "Casa Demo", CASA_OWNER)
        second_id = ids.get("Second Demo") or await _restaurant(peers, "Second Demo", SECOND)
        second = await _inside(peers, second_id)
    with _as(second):
        await _members(peers, second, SECOND_MEMBERS)
        inside = await _inside(peers, casa_id)
    with _as(inside):
        members = await _members(peers, inside, CASA_MEMBERS)
        await _address(peers, inside)
        await _menu(peers)
        await _stations(peers)
        await _floor(peers)
        await _employees(peers, {PLATFORM.email: platform_owner.user.id, **members})
        await peers.auth.LogOut(auth_api.LogOutRequest(), timeout=CALL_SECONDS)
    return peers.changes


async def _platform(peers: Peers) -> None:
    with inbound(budget_seconds=BUDGET_SECONDS):
        await peers.auth.CreatePlatform(
            auth_api.CreatePlatformRequest(
                request_id=_request_id("platform", PLATFORM_NAME),
                name=PLATFORM_NAME,
                owner_email=PLATFORM.email,
                owner_name=PLATFORM.name,
                owner_password=PASSWORD,
            ),
            timeout=CALL_SECONDS,
        )


async def _log_in(peers: Peers, person: Person) -> auth_pb2.Session:
    request = auth_api.LogInRequest(
        email=person.email, password=PASSWORD, client=auth_pb2.CLIENT_KIND_WEB, device_id="seed"
    )
    with inbound(budget_seconds=BUDGET_SECONDS):
        return (await peers.auth.LogIn(request, timeout=CALL_SECONDS)).session


@contextmanager
def _as(session: auth_pb2.Session) -> Iterator[None]:
    with inbound(budget_seconds=BUDGET_SECONDS, token=session.access_token):
        yield


async def _restaurant(peers: Peers, name: str, owner: Person) -> str:
    reply = await peers.auth.CreateRestaurant(
        auth_api.CreateRestaurantRequest(
            request_id=_request_id("restaurant", name),
            name=name,
            currency_code=CURRENCY,
            time_zone=TIME_ZONE,
            owner_email=owner.email,
            owner_name=owner.name,
        ),
        timeout=CALL_SECONDS,
    )
    peers.changes.append(f"restaurant {name}")
    return reply.restaurant.id


async def _inside(peers: Peers, restaurant_id: str) -> auth_pb2.Session:
    request = auth_api.SwitchRestaurantRequest(restaurant_id=restaurant_id)
    return (await peers.auth.SwitchRestaurant(request, timeout=CALL_SECONDS)).session


async def _members(
    peers: Peers,
    inside: auth_pb2.Session,
    wanted: Sequence[tuple[Person, "auth_pb2.Role.ValueType"]],
) -> dict[str, str]:
    """Ids of the people of a restaurant by address. Who is not there is invited and accepts."""
    listed = await peers.auth.ListMembers(auth_api.ListMembersRequest(), timeout=CALL_SECONDS)
    ids = {member.email: member.user_id for member in listed.members}
    for person, role in wanted:
        if not ids.get(person.email):
            # A pending invitation is renewed: the link that a run before this one left may be too old.
            request_id = f"{_request_id('member', person.email)}:{new_id()}"
            request = people_api.InviteRequest(
                request_id=request_id, email=person.email, name=person.name, role=role
            )
            seen = {mail.id for mail in await _mails_to(peers, person)}
            with _as(inside):
                await peers.people.Invite(request, timeout=CALL_SECONDS)
            ids[person.email] = await _accept(peers, person, seen)
            peers.changes.append(f"member {person.email}")
    return ids


async def _accept(peers: Peers, person: Person, seen: set[str]) -> str:
    """Takes up the invitation of a mail that is not one of ``seen``, with the demo's password. The user's
    id.
    """
    async with asyncio.timeout(MAIL_SECONDS):
        while True:
            fresh = [mail for mail in await _mails_to(peers, person) if mail.id not in seen and mail.link]
            for mail in fresh:
                try:
                    return await _follow(peers, person, mail.link)
                except Problem as problem:
                    # A mail of before the invitation was renewed may arrive last.
                    if problem.reason != "LINK_INVALID":
                        raise
                    seen.add(mail.id)
            await asyncio.sleep(MAIL_PAUSE_SECONDS)


async def _follow(peers: Peers, person: Person, link: str) -> str:
    """Accepts the invitation behind ``link``. The user's id. Raises Problem (LINK_INVALID)."""
    request = people_api.AcceptInvitationRequest(
        token=link.partition("#")[2],
        password=PASSWORD,
        name=person.name,
        device_id="seed",
        client=auth_pb2.CLIENT_KIND_WEB,
    )
    with inbound(budget_seconds=BUDGET_SECONDS):
        session = (await peers.people.AcceptInvitation(request, timeout=CALL_SECONDS)).session
    with _as(session):
        await peers.auth.LogOut(auth_api.LogOutRequest(), timeout=CALL_SECONDS)
    return session.user.id


async def _mails_to(peers: Peers, person: Person) -> Sequence[people_api.OutboxMail]:
    with inbound(budget_seconds=BUDGET_SECONDS):
        request = people_api.ListOutboxRequest(recipient=person.email)
        return (await peers.people.ListOutbox(request, timeout=CALL_SECONDS)).mails


async def _address(peers: Peers, inside: auth_pb2.Session) -> None:
    """What receipts say, unless somebody has changed the settings."""
    if inside.restaurant.version == 1:
        inside.restaurant.address, inside.restaurant.vat_number = CASA_ADDRESS
        request = auth_api.UpdateRestaurantRequest(request_id=str(new_id()), settings=inside.restaurant)
        await peers.auth.UpdateRestaurant(request, timeout=CALL_SECONDS)
        peers.changes.append("an address")


async def _menu(peers: Peers) -> None:
    menu = await peers.catalog.GetMenu(catalog_api.GetMenuRequest(), timeout=CALL_SECONDS)
    if menu.menu.items:
        return
    content = MENU_FILE.read_bytes()
    reply = await peers.catalog.ImportMenu(
        catalog_api.ImportMenuRequest(
            request_id=_request_id("menu", hashlib.sha256(content).hexdigest()),
            content=content,
            format=catalog_pb2.MENU_FORMAT_CSV,
        ),
        timeout=CALL_SECONDS,
    )
    if reply.rejected:
        first = reply.rejected[0]
        raise ValueError(f"{MENU_FILE.name}, row {first.row}, {first.field}: {first.detail}")
    peers.changes.append(f"menu of {reply.created} items")


async def _stations(peers: Peers) -> None:
    """A kitchen, a cold station and a bar. A station that somebody has changed stays as it is."""
    listed = await peers.kitchen.ListStations(orders_api.ListStationsRequest(), timeout=CALL_SECONDS)
    there = {station.name: station for station in listed.stations}
    untouched = [place for place in STATIONS if place.name not in there or there[place.name].version == 1]
    if not untouched:
        return
    menu = await peers.catalog.GetMenu(catalog_api.GetMenuRequest(), timeout=CALL_SECONDS)
    for place in untouched:
        station = station_of(place, menu.menu, there.get(KITCHEN))
        if place.name in there:
            known = there[place.name]
            station.id, station.version, station.position = known.id, known.version, known.position
            station.is_default = known.is_default
            if (list(known.category_ids), list(known.routes)) == (
                list(station.category_ids),
                list(station.routes),
            ):
                continue
        request = orders_api.SaveStationRequest(
            request_id=_request_id("station", f"{place.name}:{station.version}"), station=station
        )
        there[place.name] = (await peers.kitchen.SaveStation(request, timeout=CALL_SECONDS)).station
        peers.changes.append(f"station {place.name}")


async def _floor(peers: Peers) -> None:
    """A dozen tables, where nobody has drawn a floor."""
    listed = await peers.floor.ListTables(floor_api.ListTablesRequest(), timeout=CALL_SECONDS)
    if listed.tables:
        return
    number = 0
    for position, (name, count) in enumerate(FLOOR.items()):
        section = floor_pb2.Section(name=name, position=position)
        request = floor_api.SaveSectionRequest(request_id=_request_id("section", name), section=section)
        kept = (await peers.floor.SaveSection(request, timeout=CALL_SECONDS)).section
        for place in range(count):
            number += 1
            table = _table(str(number), kept.id, place, count)
            wanted = floor_api.SaveTableRequest(request_id=_request_id("table", table.name), table=table)
            await peers.floor.SaveTable(wanted, timeout=CALL_SECONDS)
    peers.changes.append(f"floor of {number} tables")


def _table(name: str, section_id: str, place: int, count: int) -> floor_pb2.Table:
    """In rows that fill the plan of its section."""
    row, column = divmod(place, TABLES_IN_A_ROW)
    rows = -(-count // TABLES_IN_A_ROW)
    kind = column % len(SEATS)
    return floor_pb2.Table(
        name=name,
        section_id=section_id,
        seats=SEATS[kind],
        shape=SHAPES[kind],
        x=(2 * column + 1) * 1000 // (2 * TABLES_IN_A_ROW),
        y=(2 * row + 1) * 1000 // (2 * rows),
    )


async def _employees(peers: Peers, user_ids: dict[str, str]) -> None:
    request = staff_api.ListEmployeesRequest(include_inactive=True)
    request.page.limit = 200
    listed = await peers.staff.ListEmployees(request, timeout=CALL_SECONDS)
    there = {employee.user_id for employee in listed.employees}
    for person in (PLATFORM, CASA_OWNER, CASA_MANAGER, CASA_TILL):
        if user_ids[person.email] in there:
            continue
        employee = staff_pb2.Employee(
            name=person.name,
            user_id=user_ids[person.email],
            job=person.job,
            hourly_rate_minor=person.hourly_rate_minor,
            currency_code=CURRENCY,
            active=True,
        )
        await peers.staff.SaveEmployee(
            staff_api.SaveEmployeeRequest(
                request_id=_request_id("employee", person.email), employee=employee
            ),
            timeout=CALL_SECONDS,
        )
        peers.changes.append(f"employee {person.name}")


def _request_id(what: str, which: str) -> str:
    """The same in every run: two runs at once do it once."""
    return f"seed:{what}:{which}"


async def seed_into(settings: SeedSettings) -> list[str]:
    """Adds what is missing to the services that ``settings`` names; what was added. Raises Problem."""
    to = composition.Peers(settings, SystemClock())
    try:
        people = AuthServiceStub(to.channel("auth")), PeopleServiceStub(to.channel("auth"))
        goods = CatalogServiceStub(to.channel("catalog")), KitchenServiceStub(to.channel("orders"))
        floor, staff = FloorServiceStub(to.channel("orders")), StaffServiceStub(to.channel("staff"))
        return await seed(Peers(*people, *goods, floor, staff))
    finally:
        await to.close()


def main() -> None:
    """Exits 1 with one line where a service refuses or is not there."""
    try:
        # Required fields come from the environment, which the type of the class cannot say.
        changes = asyncio.run(seed_into(SeedSettings()))  # type: ignore[call-arg]
    except (Problem, ValueError, TimeoutError) as error:
        sys.exit(f"The demo could not be seeded: {error}")
    print(f"Added to the demo: {', '.join(changes)}." if changes else "The demo is complete already.")


if __name__ == "__main__":
    main()
