"""Restaurants, their settings and the people in them."""

from fastapi import Request
from fynlo.auth.v1 import auth_service_pb2 as messages
from fynlo.auth.v1 import people_service_pb2 as people_messages
from fynlo.common.v1.common_pb2 import PageRequest, RestaurantSettings
from fynlo_json import auth as auth_json
from fynlo_json import common as common_json
from fynlo_json.auth import ROLE
from fynlo_json.common import BILL_MODE
from starlette.responses import Response

from gateway import examples, people_examples
from gateway.calls import if_match, reading, tagged, writing
from gateway.models import bodies
from gateway.models import people as models
from gateway.models.answers import (
    CreatedRestaurantOut,
    MemberOut,
    MemberPage,
    RestaurantOut,
    RestaurantPage,
)
from gateway.spec import PAGE_QUERY, Errors, router, spec

routes = router()

_BILL_MODES = BILL_MODE.numbers()
_ROLES = ROLE.numbers()
_RESTAURANT_ERRORS: Errors = (("409", "restaurant_exists"), ("422", "unknown_time_zone"))


@routes.post(
    "/platform/restaurants",
    **spec(
        "Add a restaurant to the platform",
        tag="restaurants",
        permission="restaurants.manage",
        status=201,
        answer=CreatedRestaurantOut,
        example=examples.CREATED_RESTAURANT,
        body=bodies.RestaurantIn,
        body_example=examples.RESTAURANT_IN,
        errors=(("403", "no_platform"), *_RESTAURANT_ERRORS, ("503", "mail_queue_full")),
        key="required",
    ),
)
async def add_restaurant(request: Request) -> Response:
    """Its first owner is invited: the link goes to the address by mail."""
    async with writing(request, key_required=True) as call:
        body = await call.body(bodies.RestaurantIn)
        message = messages.CreateRestaurantRequest(
            request_id=call.key,
            name=body.name,
            currency_code=body.currency,
            time_zone=body.timezone,
            owner_email=body.owner_email,
            owner_name=body.owner_name,
            bill_mode=_BILL_MODES[body.bill_mode],
            service_charge_bp=body.service_charge_bp,
        )
        reply = await call.write(call.services.auth.CreateRestaurant(message))
        return call.answer(auth_json.create_restaurant_response(reply), 201)


@routes.get(
    "/restaurants",
    **spec(
        "List the restaurants that the caller may enter",
        tag="restaurants",
        permission="session.own",
        answer=RestaurantPage,
        example={"items": [examples.RESTAURANT], "next_cursor": None},
        query=PAGE_QUERY,
    ),
)
async def list_restaurants(request: Request) -> Response:
    """All of the platform for a platform owner."""
    async with reading(request) as call:
        reply = await call.services.auth.ListRestaurants(
            messages.ListRestaurantsRequest(page=PageRequest(**call.page()))
        )
        items = [common_json.restaurant_settings(one.settings) for one in reply.restaurants]
        return call.answer({"items": items, "next_cursor": reply.next_cursor or None})


@routes.put(
    "/restaurant/settings",
    **spec(
        "Change the restaurant's settings",
        tag="restaurants",
        permission="settings.manage",
        answer=RestaurantOut,
        example=examples.RESTAURANT,
        body=bodies.SettingsIn,
        body_example=examples.SETTINGS_IN,
        errors=_RESTAURANT_ERRORS,
        key="optional",
        matches=True,
    ),
)
async def change_settings(request: Request) -> Response:
    """From now on; orders that were placed keep their bill. The currency never changes."""
    async with writing(request) as call:
        assert call.principal is not None
        call.principal.require("settings.manage")
        body = await call.body(bodies.SettingsIn)
        me = await call.services.auth.GetMe(messages.GetMeRequest())
        settings = RestaurantSettings(
            restaurant_id=str(call.principal.tenant),
            version=if_match(request),
            name=body.name,
            currency_code=me.restaurant.currency_code,
            time_zone=body.timezone,
            bill_mode=_BILL_MODES[body.bill_mode],
            service_charge_bp=body.service_charge_bp,
            day_cutoff_minutes=body.day_cutoff_minutes,
            fee_preset=body.fee_preset,
            platform_id=me.restaurant.platform_id,
            auto_complete=body.auto_complete,
        )
        message = messages.UpdateRestaurantRequest(request_id=call.key, settings=settings)
        reply = await call.write(call.services.auth.UpdateRestaurant(message))
        settings = reply.restaurant.settings
        return call.answer(common_json.restaurant_settings(settings), headers=tagged(settings.version))


@routes.get(
    "/members",
    **spec(
        "List the restaurant's people",
        tag="restaurants",
        permission="members.invite",
        answer=MemberPage,
        example={"items": [people_examples.MEMBER], "next_cursor": None},
        query=PAGE_QUERY,
    ),
)
async def list_members(request: Request) -> Response:
    """Everybody who can log in here, and those who are invited (`pending`: they cannot)."""
    async with reading(request) as call:
        reply = await call.services.auth.ListMembers(
            messages.ListMembersRequest(page=PageRequest(**call.page()))
        )
        items = [auth_json.membership(member) for member in reply.members]
        return call.answer({"items": items, "next_cursor": reply.next_cursor or None})


@routes.put(
    "/members/{user_id}",
    **spec(
        "Change a person's role",
        tag="restaurants",
        permission="members.manage",
        answer=MemberOut,
        example=people_examples.MEMBER,
        body=models.RoleIn,
        body_example=people_examples.ROLE_IN,
        missing="member_not_found",
        errors=(("403", "role_above_own"), ("409", "last_owner")),
        key="optional",
    ),
)
async def change_role(request: Request) -> Response:
    """Tokens with the old role die at once; a refresh brings the new one."""
    async with writing(request) as call:
        body = await call.body(models.RoleIn)
        message = people_messages.ChangeRoleRequest(
            request_id=call.key, user_id=call.id_of("user_id"), role=_ROLES[body.role]
        )
        reply = await call.write(call.services.people.ChangeRole(message))
        return call.answer(auth_json.membership(reply.membership))


@routes.delete(
    "/members/{user_id}",
    **spec(
        "Take a person's access away",
        tag="restaurants",
        permission="members.manage",
        answer=None,
        example={},
        missing="member_not_found",
        errors=(("409", "last_owner"),),
        key="optional",
    ),
)
async def remove_member(request: Request) -> Response:
    """Their sessions and sockets in this restaurant end at once."""
    async with writing(request) as call:
        message = messages.RemoveMemberRequest(request_id=call.key, user_id=call.id_of("user_id"))
        await call.write(call.services.auth.RemoveMember(message))
        return call.answer({})
