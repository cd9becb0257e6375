"""Platforms and restaurants."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from fynlo.auth.v1 import auth_service_pb2 as auth_api
from fynlo.auth.v1.auth_pb2 import Platform, User

from chassis.db import Transaction
from chassis.db.audit import audit
from chassis.db.commands import Command, PlatformCommand, execute
from chassis.db.idempotency import IdempotencyKey
from chassis.errors import PermissionDenied
from chassis.ids import new_id
from services.auth.domain.invitations import INVITATION_LIFE, Invitation, InvitationState
from services.auth.domain.passwords import normalised_email
from services.auth.domain.restaurant import (
    BillMode,
    NotYourRestaurant,
    Restaurant,
    RestaurantExists,
    RestaurantNotFound,
    Settings,
    changed_settings,
    new_settings,
    restaurant_id_for,
)
from services.auth.domain.roles import Role
from services.auth.store import invitations, people
from services.auth.store import restaurant as restaurants
from services.auth.usecases.accounts import Person, Prepared, prepare, settle
from services.auth.usecases.context import Context
from services.auth.usecases.invitations import Invitee, send_invitation
from services.auth.wire.accounts import user_message
from services.auth.wire.invitations import invitation_message
from services.auth.wire.restaurant import restaurant_message, restaurant_updated


@dataclass(frozen=True, slots=True)
class CreatePlatform:
    """A platform with its first owner."""

    name: str
    owner: Person


@dataclass(frozen=True, slots=True)
class CreateRestaurant:
    """A restaurant whose first owner is invited. ``creator`` owns ``platform_id``, the platform of the
    token.
    """

    creator: UUID
    platform_id: UUID | None
    name: str
    currency_code: str
    time_zone: str
    owner: Invitee
    bill_mode: BillMode | None
    service_charge_bp: int


async def create_platform(
    ctx: Context, command: CreatePlatform, key: IdempotencyKey
) -> auth_api.CreatePlatformResponse:
    """The platform of that name and owner, made if it is not there. Raises PasswordRequired, WeakPassword,
    PasswordMismatch.
    """
    name = " ".join(command.name.split())
    email = normalised_email(command.owner.email)
    async with ctx.db.transaction(None, readonly=True) as tx:
        there = await people.platform_named(tx, name, email)
    owner = Prepared(there[1], None) if there else await prepare(ctx, command.owner)

    async def make(tx: Transaction) -> auth_api.CreatePlatformResponse:
        await people.lock_platform_name(tx, name, email)
        found = await people.platform_named(tx, name, email)
        if found is None:
            platform_id = new_id()
            user = await settle(ctx, tx, owner)
            await people.insert_platform(tx, platform_id, name, user.id, ctx.db.clock.now())
            audit(tx, "auth.platform_created", platform_id=platform_id, owner_id=user.id)
        else:
            platform_id, user = found
        return auth_api.CreatePlatformResponse(
            platform=Platform(id=str(platform_id), name=name), owner=user_message(user)
        )

    return await execute(ctx.db, PlatformCommand(key), auth_api.CreatePlatformResponse, make)


async def create_restaurant(
    ctx: Context, command: CreateRestaurant, key: IdempotencyKey
) -> auth_api.CreateRestaurantResponse:
    """A restaurant of the caller's platform, or the one that is there with the same particulars. Its first
    owner is invited; until that is accepted the platform's owners alone get in.

    Raises RestaurantExists, UnknownTimeZone, MailQueueFull.
    """
    if command.platform_id is None:
        raise PermissionDenied("Only a platform makes restaurants.", reason="NO_PLATFORM")
    settings = new_settings(
        restaurant_id_for(command.platform_id, key.key),
        command.platform_id,
        name=command.name,
        currency_code=command.currency_code,
        time_zone=command.time_zone,
        bill_mode=command.bill_mode,
        service_charge_bp=command.service_charge_bp,
    )
    existing = await _existing(ctx, command, settings)
    # One that this very key made is answered by the remembered reply, as a replay.
    if existing is not None and existing.restaurant.settings.restaurant_id != str(settings.restaurant_id):
        return existing
    restaurant = Restaurant(settings, ctx.db.clock.now())

    async def make(tx: Transaction) -> auth_api.CreateRestaurantResponse:
        if not await restaurants.insert_restaurant(tx, restaurant):
            raise RestaurantExists(f"There is a restaurant called {settings.name}.")
        invitation = await _invite_owner(ctx, tx, command, restaurant)
        rid = str(settings.restaurant_id)
        tx.emit(restaurant_updated(settings), subject_id=rid)
        audit(tx, "auth.restaurant_created", restaurant_id=rid, invitation_id=invitation.id)
        return _created(restaurant, command.owner, invitation, ctx.db.clock.now())

    try:
        made = Command(settings.restaurant_id, key)
        return await execute(ctx.db, made, auth_api.CreateRestaurantResponse, make)
    except RestaurantExists:
        # Somebody was faster: with the same request, or with another restaurant of that name.
        raced = await _existing(ctx, command, settings)
        if raced is None:
            raise
        return raced


async def update_restaurant(
    ctx: Context, tenant: UUID, wanted: Settings, key: IdempotencyKey
) -> auth_api.UpdateRestaurantResponse:
    """The next version of a restaurant's settings.

    Raises NotYourRestaurant, StaleVersion, CurrencyFixed, UnknownTimeZone, RestaurantExists.
    """
    if wanted.restaurant_id != tenant:
        raise NotYourRestaurant("Switch to that restaurant first.")

    async def update(tx: Transaction) -> auth_api.UpdateRestaurantResponse:
        stored = await restaurants.restaurant_by_id(tx, tenant, lock=True)
        if stored is None:
            raise RestaurantNotFound("There is no such restaurant.")
        settings = changed_settings(stored.settings, wanted)
        if settings is not stored.settings:
            await restaurants.update_settings(tx, settings)
            audit(tx, "auth.settings_changed", changes=_changes(stored.settings, settings))
            tx.emit(restaurant_updated(settings), subject_id=str(tenant))
        restaurant = Restaurant(settings, stored.created_at)
        return auth_api.UpdateRestaurantResponse(restaurant=restaurant_message(restaurant))

    return await execute(ctx.db, Command(tenant, key), auth_api.UpdateRestaurantResponse, update)


async def get_restaurant(ctx: Context, restaurant_id: UUID) -> Restaurant:
    """For services whose copy is missing. Raises RestaurantNotFound."""
    async with ctx.db.transaction(restaurant_id, readonly=True) as tx:
        restaurant = await restaurants.restaurant_by_id(tx, restaurant_id)
    if restaurant is None:
        raise RestaurantNotFound("There is no such restaurant.")
    return restaurant


async def list_restaurants(
    ctx: Context, user_id: UUID, *, limit: int, after: UUID | None
) -> list[Restaurant]:
    """The restaurants a person may enter, by name."""
    async with ctx.db.transaction(None, readonly=True) as tx:
        await people.begin_as(tx, user_id)
        return await restaurants.restaurants_of(tx, user_id, limit=limit, after=after)


async def _existing(
    ctx: Context, command: CreateRestaurant, wanted: Settings
) -> auth_api.CreateRestaurantResponse | None:
    """What an earlier request for the same restaurant made. Raises RestaurantExists where it is another
    one.
    """
    email = normalised_email(command.owner.email)
    async with ctx.db.transaction(None, readonly=True) as tx:
        await people.begin_as(tx, command.creator)
        found = await restaurants.restaurant_named(tx, wanted.platform_id, wanted.name)
    if found is None:
        return None
    async with ctx.db.transaction(found.settings.restaurant_id) as tx:
        invitation = await invitations.newest_to(tx, email)
        asked = invitation is not None and invitation.role is Role.RESTAURANT_OWNER
        # Its first owner may have been there before there were invitations.
        owns = asked or await restaurants.is_member(tx, email, role=Role.RESTAURANT_OWNER)
    same = (found.settings.currency_code, found.settings.time_zone) == (
        wanted.currency_code,
        wanted.time_zone,
    )
    if not same or not owns:
        raise RestaurantExists(f"There is another restaurant called {wanted.name}.")
    return _created(found, command.owner, invitation, ctx.db.clock.now())


async def _invite_owner(
    ctx: Context, tx: Transaction, command: CreateRestaurant, restaurant: Restaurant
) -> Invitation:
    invitation = Invitation(
        id=new_id(),
        restaurant_id=restaurant.settings.restaurant_id,
        email=normalised_email(command.owner.email),
        name=" ".join(command.owner.name.split()),
        role=Role.RESTAURANT_OWNER,
        stored_state=InvitationState.PENDING,
        invited_by=command.creator,
        created_at=restaurant.created_at,
        expires_at=restaurant.created_at + INVITATION_LIFE,
    )
    await invitations.save_invitation(tx, invitation)
    await send_invitation(ctx, tx, invitation, restaurant.settings.name)
    return invitation


def _changes(before: Settings, after: Settings) -> dict[str, list[object]]:
    """What was and what is, by the name of the setting; the version tells which change it was."""
    old, new = asdict(before), asdict(after)
    return {name: [old[name], new[name]] for name in old if old[name] != new[name]}


def _created(
    restaurant: Restaurant, owner: Invitee, invitation: Invitation | None, now: datetime
) -> auth_api.CreateRestaurantResponse:
    """Says of the owner what the request said, whoever has the address."""
    response = auth_api.CreateRestaurantResponse(
        restaurant=restaurant_message(restaurant),
        owner=User(email=normalised_email(owner.email), name=" ".join(owner.name.split())),
    )
    if invitation is not None:
        response.invitation.CopyFrom(invitation_message(invitation, now))
    return response
