"""Platforms and restaurants."""

# ruff: noqa: N802 (the names of the contract)

from typing import Any

from fynlo.auth.v1 import auth_service_pb2 as auth_api

from chassis.rpc import current_principal, tenant_named
from chassis.rpc.cursors import BY_ID, page_of
from services.auth.domain.roles import Role
from services.auth.rpc.callers import caller, request_key
from services.auth.rpc.context import PartOfAuth
from services.auth.usecases import restaurant
from services.auth.usecases.accounts import Person
from services.auth.usecases.invitations import Invitee
from services.auth.wire.invitations import invited_owner_message
from services.auth.wire.restaurant import bill_mode_of, restaurant_message, settings_of


class RestaurantRpc(PartOfAuth):
    """Making, changing and listing."""

    async def GetRestaurant(
        self, request: auth_api.GetRestaurantRequest, context: Any
    ) -> auth_api.GetRestaurantResponse:
        found = await restaurant.get_restaurant(self._ctx, tenant_named(request.restaurant_id))
        return auth_api.GetRestaurantResponse(restaurant=restaurant_message(found))

    async def CreatePlatform(
        self, request: auth_api.CreatePlatformRequest, context: Any
    ) -> auth_api.CreatePlatformResponse:
        owner = Person(request.owner_email, request.owner_name, request.owner_password, "owner_")
        command = restaurant.CreatePlatform(request.name, owner)
        return await restaurant.create_platform(self._ctx, command, request_key("CreatePlatform", request))

    async def CreateRestaurant(
        self, request: auth_api.CreateRestaurantRequest, context: Any
    ) -> auth_api.CreateRestaurantResponse:
        command = restaurant.CreateRestaurant(
            creator=caller().user_id,
            platform_id=current_principal().platform_id,
            name=request.name,
            currency_code=request.currency_code,
            time_zone=request.time_zone,
            owner=Invitee(request.owner_email, Role.RESTAURANT_OWNER, request.owner_name),
            bill_mode=bill_mode_of(request.bill_mode),
            service_charge_bp=request.service_charge_bp,
        )
        response = await restaurant.create_restaurant(
            self._ctx, command, request_key("CreateRestaurant", request)
        )
        # Not kept with the answer: replays of answers that are older than the field have it as well.
        response.invited_owner.CopyFrom(invited_owner_message(response))
        return response

    async def UpdateRestaurant(
        self, request: auth_api.UpdateRestaurantRequest, context: Any
    ) -> auth_api.UpdateRestaurantResponse:
        tenant = current_principal().tenant
        wanted = settings_of(request.settings, tenant)
        return await restaurant.update_restaurant(
            self._ctx, tenant, wanted, request_key("UpdateRestaurant", request)
        )

    async def ListRestaurants(
        self, request: auth_api.ListRestaurantsRequest, context: Any
    ) -> auth_api.ListRestaurantsResponse:
        page = page_of(request, BY_ID)
        found = await restaurant.list_restaurants(
            self._ctx, caller().user_id, limit=page.one_more, after=page.after
        )
        shown, following = page.cut(found, lambda one: one.settings.restaurant_id)
        return auth_api.ListRestaurantsResponse(
            restaurants=map(restaurant_message, shown), next_cursor=following
        )
