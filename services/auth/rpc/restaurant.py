"""Restaurants and their settings."""

# ruff: noqa: N802 (the names of the contract)

from typing import Any

from fynlo.auth.v1 import auth_pb2
from fynlo.auth.v1 import auth_service_pb2 as auth_api

from chassis.db.commands import Answer
from chassis.rpc import current_principal, tenant_named
from chassis.rpc.cursors import BY_ID, page_of
from services.auth.domain.invitation import Invitee
from services.auth.domain.restaurant import FoundedRestaurant, Restaurant
from services.auth.domain.role import Role
from services.auth.rpc.callers import caller, request_key
from services.auth.rpc.context import PartOfAuth
from services.auth.usecases import restaurant as restaurants
from services.auth.wire.invitation import invitation_message, invited_owner_message
from services.auth.wire.restaurant import bill_mode_of, restaurant_message, settings_of


def _founded(founded: FoundedRestaurant) -> auth_api.CreateRestaurantResponse:
    """Says of the owner what the request said, whoever has the address."""
    response = auth_api.CreateRestaurantResponse(
        restaurant=restaurant_message(founded.restaurant),
        owner=auth_pb2.User(email=founded.owner.email, name=founded.owner.name),
    )
    if founded.invited is not None:
        response.invitation.CopyFrom(invitation_message(founded.invited))
    return response


def _updated(restaurant: Restaurant) -> auth_api.UpdateRestaurantResponse:
    return auth_api.UpdateRestaurantResponse(restaurant=restaurant_message(restaurant))


FOUNDED = Answer(auth_api.CreateRestaurantResponse, _founded)
UPDATED = Answer(auth_api.UpdateRestaurantResponse, _updated)


class RestaurantRpc(PartOfAuth):
    """Making, changing and listing."""

    async def GetRestaurant(
        self, request: auth_api.GetRestaurantRequest, context: Any
    ) -> auth_api.GetRestaurantResponse:
        found = await restaurants.get_restaurant(self._ctx, tenant_named(request.restaurant_id))
        return auth_api.GetRestaurantResponse(restaurant=restaurant_message(found))

    async def CreateRestaurant(
        self, request: auth_api.CreateRestaurantRequest, context: Any
    ) -> auth_api.CreateRestaurantResponse:
        command = restaurants.CreateRestaurant(
            creator=caller().user_id,
            platform_id=current_principal().platform_id,
            name=request.name,
            currency_code=request.currency_code,
            time_zone=request.time_zone,
            owner=Invitee(request.owner_email, Role.RESTAURANT_OWNER, request.owner_name),
            bill_mode=bill_mode_of(request.bill_mode),
            service_charge_bp=request.service_charge_bp,
        )
        key = request_key("CreateRestaurant", request)
        response = await restaurants.create_restaurant(self._ctx, command, key, FOUNDED)
        # Not kept with the answer: replays of answers that are older than the field have it as well.
        response.invited_owner.CopyFrom(invited_owner_message(response))
        return response

    async def UpdateRestaurant(
        self, request: auth_api.UpdateRestaurantRequest, context: Any
    ) -> auth_api.UpdateRestaurantResponse:
        tenant = current_principal().tenant
        command = restaurants.UpdateRestaurant(
            tenant, request_key("UpdateRestaurant", request), settings_of(request.settings, tenant)
        )
        return await restaurants.update_restaurant(self._ctx, command, UPDATED)

    async def ListRestaurants(
        self, request: auth_api.ListRestaurantsRequest, context: Any
    ) -> auth_api.ListRestaurantsResponse:
        page = page_of(request, BY_ID)
        found = await restaurants.list_restaurants(
            self._ctx, caller().user_id, limit=page.one_more, after=page.after
        )
        shown, following = page.cut(found, lambda one: one.settings.restaurant_id)
        return auth_api.ListRestaurantsResponse(
            restaurants=map(restaurant_message, shown), next_cursor=following
        )
