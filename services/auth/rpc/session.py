"""Logging in and out, refreshing, switching, and who the caller is."""

# ruff: noqa: N802 (the names of the contract)

from typing import Any

from fynlo.auth.v1 import auth_service_pb2 as auth_api

from chassis.ids import parse_id
from services.auth.rpc.callers import caller
from services.auth.rpc.context import PartOfAuth
from services.auth.usecases import session as sessions
from services.auth.wire.session import client_of, me_response, revocations_response, session_message


class SessionRpc(PartOfAuth):
    """Sessions and what verifies their tokens."""

    async def LogIn(self, request: auth_api.LogInRequest, context: Any) -> auth_api.LogInResponse:
        command = sessions.LogIn(
            email=request.email,
            password=request.password,
            device_id=request.device_id,
            client=client_of(request.client),
            address=request.remote_address,
            device_secret=request.device_secret,
        )
        opened = await sessions.log_in(self._ctx, command)
        return auth_api.LogInResponse(
            session=session_message(opened.session), device_secret=opened.device_secret
        )

    async def RefreshSession(
        self, request: auth_api.RefreshSessionRequest, context: Any
    ) -> auth_api.RefreshSessionResponse:
        opened = await sessions.refresh(self._ctx, request.refresh_token, request.device_id)
        return auth_api.RefreshSessionResponse(session=session_message(opened))

    async def LogOut(self, request: auth_api.LogOutRequest, context: Any) -> auth_api.LogOutResponse:
        await sessions.log_out(self._ctx, caller(), everywhere=request.everywhere)
        return auth_api.LogOutResponse()

    async def SwitchRestaurant(
        self, request: auth_api.SwitchRestaurantRequest, context: Any
    ) -> auth_api.SwitchRestaurantResponse:
        opened = await sessions.switch_restaurant(self._ctx, caller(), parse_id(request.restaurant_id))
        return auth_api.SwitchRestaurantResponse(session=session_message(opened))

    async def GetMe(self, request: auth_api.GetMeRequest, context: Any) -> auth_api.GetMeResponse:
        return me_response(await sessions.who_am_i(self._ctx, caller()))

    async def GetJwks(self, request: auth_api.GetJwksRequest, context: Any) -> auth_api.GetJwksResponse:
        return auth_api.GetJwksResponse(jwks_json=self._ctx.keys.public_jwks_json)

    async def ListRevocations(
        self, request: auth_api.ListRevocationsRequest, context: Any
    ) -> auth_api.ListRevocationsResponse:
        return revocations_response(await sessions.list_revocations(self._ctx.db))
