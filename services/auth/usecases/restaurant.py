"""Restaurants and their settings."""

from dataclasses import asdict, dataclass, replace
from uuid import UUID

from chassis.db import Transaction
from chassis.db.audit import audit
from chassis.db.commands import Answer, Command, M, execute
from chassis.db.idempotency import IdempotencyKey
from chassis.errors import PermissionDenied
from chassis.ids import new_id
from services.auth.domain.invitation import INVITATION_LIFE, Invitation, InvitationState, Invited, Invitee
from services.auth.domain.restaurant import (
    BillMode,
    FoundedRestaurant,
    NotYourRestaurant,
    Restaurant,
    RestaurantExists,
    RestaurantNotFound,
    Settings,
    changed_settings,
    new_settings,
    restaurant_id_for,
)
from services.auth.domain.role import Role
from services.auth.store import account as accounts
from services.auth.store import invitation as invitations
from services.auth.store import member as members
from services.auth.store import restaurant as restaurants
from services.auth.usecases.context import Context
from services.auth.usecases.invitation import send_invitation
from services.auth.wire.restaurant import restaurant_updated


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


@dataclass(frozen=True, slots=True)
class UpdateRestaurant(Command):
    """The settings as somebody wants them."""

    wanted: Settings


async def create_restaurant(
    ctx: Context, command: CreateRestaurant, key: IdempotencyKey, answer: Answer[FoundedRestaurant, M]
) -> M:
    """A restaurant of the caller's platform, or the one that is there with the same particulars. Its first
    owner is invited; until that is accepted the platform's owners alone get in.

    Raises RestaurantExists, UnknownTimeZone, MailQueueFull.
    """
    platform_id = command.platform_id
    if platform_id is None:
        raise PermissionDenied("Only a platform makes restaurants.", reason="NO_PLATFORM")
    command = replace(command, owner=command.owner.normalised())
    settings = new_settings(
        restaurant_id_for(platform_id, key.key),
        platform_id,
        name=command.name,
        currency_code=command.currency_code,
        time_zone=command.time_zone,
        bill_mode=command.bill_mode,
        service_charge_bp=command.service_charge_bp,
    )
    existing = await _existing(ctx, command, settings)
    # One that this very key made is answered by the remembered reply, as a replay.
    if existing is not None and existing.restaurant.settings.restaurant_id != settings.restaurant_id:
        return answer.tell(existing)
    restaurant = Restaurant(settings, ctx.db.clock.now())

    async def make(tx: Transaction) -> FoundedRestaurant:
        if not await restaurants.insert_restaurant(tx, restaurant):
            raise RestaurantExists(f"There is a restaurant called {settings.name}.")
        invitation = await _invite_owner(ctx, tx, command, restaurant)
        rid = str(settings.restaurant_id)
        tx.emit(restaurant_updated(settings), subject_id=rid)
        audit(tx, "auth.restaurant_created", restaurant_id=rid, invitation_id=invitation.id)
        return FoundedRestaurant(restaurant, command.owner, Invited(invitation, ctx.db.clock.now()))

    try:
        return await execute(ctx.db, Command(settings.restaurant_id, key), answer, make)
    except RestaurantExists:
        # Somebody was faster: with the same request, or with another restaurant of that name.
        raced = await _existing(ctx, command, settings)
        if raced is None:
            raise
        return answer.tell(raced)


async def update_restaurant(ctx: Context, command: UpdateRestaurant, answer: Answer[Restaurant, M]) -> M:
    """The next version of a restaurant's settings.

    Raises NotYourRestaurant, StaleVersion, CurrencyFixed, UnknownTimeZone, RestaurantExists.
    """
    tenant = command.tenant
    if command.wanted.restaurant_id != tenant:
        raise NotYourRestaurant("Switch to that restaurant first.")

    async def update(tx: Transaction) -> Restaurant:
        stored = await restaurants.lock_restaurant(tx, tenant)
        if stored is None:
            raise RestaurantNotFound("There is no such restaurant.")
        settings = changed_settings(stored.settings, command.wanted)
        if settings is not stored.settings:
            await restaurants.update_settings(tx, settings)
            audit(tx, "auth.settings_changed", changes=_changes(stored.settings, settings))
            tx.emit(restaurant_updated(settings), subject_id=str(tenant))
        return Restaurant(settings, stored.created_at)

    return await execute(ctx.db, command, answer, update)


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
        await accounts.begin_as(tx, user_id)
        return await restaurants.restaurants_of(tx, user_id, limit=limit, after=after)


async def _existing(ctx: Context, command: CreateRestaurant, wanted: Settings) -> FoundedRestaurant | None:
    """What an earlier request for the same restaurant made. Raises RestaurantExists where it is another
    one.
    """
    owner = command.owner
    async with ctx.db.transaction(None, readonly=True) as tx:
        await accounts.begin_as(tx, command.creator)
        found = await restaurants.restaurant_named(tx, wanted.platform_id, wanted.name)
    if found is None:
        return None
    async with ctx.db.transaction(found.settings.restaurant_id) as tx:
        invitation = await invitations.lock_newest_to(tx, owner.email)
        asked = invitation is not None and invitation.role is Role.RESTAURANT_OWNER
        # Its first owner may have been there before there were invitations.
        owns = asked or await members.is_member(tx, owner.email, role=Role.RESTAURANT_OWNER)
    same = (found.settings.currency_code, found.settings.time_zone) == (
        wanted.currency_code,
        wanted.time_zone,
    )
    if not same or not owns:
        raise RestaurantExists(f"There is another restaurant called {wanted.name}.")
    invited = None if invitation is None else Invited(invitation, ctx.db.clock.now())
    return FoundedRestaurant(found, owner, invited)


async def _invite_owner(
    ctx: Context, tx: Transaction, command: CreateRestaurant, restaurant: Restaurant
) -> Invitation:
    invitation = Invitation(
        id=new_id(),
        restaurant_id=restaurant.settings.restaurant_id,
        email=command.owner.email,
        name=command.owner.name,
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
