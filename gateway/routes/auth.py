"""Signing in and out, and who one is."""

from fastapi import Request
from fynlo.auth.v1 import auth_pb2
from fynlo.auth.v1.auth_service_pb2 import (
    GetMeRequest,
    LogInRequest,
    LogOutRequest,
    RefreshSessionRequest,
    SwitchRestaurantRequest,
)
from fynlo_json import auth as auth_json
from starlette.responses import Response

from gateway import examples
from gateway.calls import HASHING_SECONDS, client_address, reading, repeatable, signing_in
from gateway.models import bodies
from gateway.models.answers import LoggedInOut, MeOut, SessionOut
from gateway.spec import router, spec

routes = router()

CLIENTS = {
    "web": auth_pb2.CLIENT_KIND_WEB,
    "ios": auth_pb2.CLIENT_KIND_IOS,
    "kds": auth_pb2.CLIENT_KIND_KDS,
}


@routes.post(
    "/auth/login",
    **spec(
        "Log in",
        tag="auth",
        permission=None,
        answer=LoggedInOut,
        example=examples.LOGGED_IN,
        body=bodies.LogIn,
        body_example=examples.LOG_IN,
        errors=(
            ("401", "invalid_credentials"),
            ("401", "no_membership"),
            ("429", "locked_out"),
            ("429", "log_in_busy"),
            ("429", "rate_limited"),
        ),
    ),
)
async def log_in(request: Request) -> Response:
    """A wrong password and an unknown address answer alike. Repeated failures lock out, with Retry-After.

    The answer's `device_secret` is to be kept on the device, over log-outs, and sent with its next log-in,
    whoever logs in: strangers' wrong guesses do not keep out a device that the person has logged in with. It
    opens nothing. The session belongs to `device_id`: every refresh must name the same, or none if none was.
    """
    async with signing_in(request) as call:
        body = await call.body(bodies.LogIn)
        reply = await call.services.auth.LogIn(
            LogInRequest(
                email=body.email,
                password=body.password,
                device_id=body.device_id or "",
                client=CLIENTS[body.client],
                remote_address=client_address(request),
                device_secret=body.device_secret or "",
            ),
            timeout=HASHING_SECONDS,
        )
        return call.answer(auth_json.log_in_response(reply))


@routes.post(
    "/auth/refresh",
    **spec(
        "Get a new access token",
        tag="auth",
        permission=None,
        answer=SessionOut,
        example=examples.SESSION,
        body=bodies.Refresh,
        body_example={"refresh_token": "rt_0kE…"},
        errors=(
            ("401", "token_reused"),
            ("401", "token_invalid"),
            ("401", "token_expired"),
            ("401", "token_revoked"),
            ("401", "no_membership"),
            ("429", "rate_limited"),
        ),
    ),
)
async def refresh(request: Request) -> Response:
    """A refresh token works once; using it again ends the whole session, whoever holds it. `device_id` is the
    one that logged in: another, or none, is refused (401 token_invalid).
    """
    async with signing_in(request) as call:
        body = await call.body(bodies.Refresh)
        reply = await call.services.auth.RefreshSession(
            RefreshSessionRequest(refresh_token=body.refresh_token, device_id=body.device_id or "")
        )
        return call.answer(auth_json.session(reply.session))


@routes.post(
    "/auth/logout",
    **spec(
        "Log out",
        tag="auth",
        permission="session.own",
        answer=None,
        example={},
        body=bodies.LogOut,
        body_example={},
        errors=(("409", "concurrent_update"),),
    ),
)
async def log_out(request: Request) -> Response:
    """Ends this session (or all of the person's) and its sockets at once. No Idempotency-Key is needed: a
    session that has ended cannot be ended again (401 token_revoked).
    """
    async with repeatable(request) as call:
        body = await call.body(bodies.LogOut)
        await call.services.auth.LogOut(LogOutRequest(everywhere=body.everywhere))
        return call.answer({})


@routes.post(
    "/auth/switch",
    **spec(
        "Work in another restaurant",
        tag="auth",
        permission="session.own",
        answer=SessionOut,
        example=examples.SESSION,
        body=bodies.Switch,
        body_example={"restaurant_id": examples.RESTAURANT_ID},
        errors=(("404", "restaurant_not_found"), ("409", "concurrent_update")),
    ),
)
async def switch(request: Request) -> Response:
    """Moves the session to that restaurant: its refresh token is replaced, and what ends the session ends
    these tokens too. The old access token stays valid for the old restaurant until it expires.

    An Idempotency-Key is not looked at, for tokens are not kept to be handed out again: a repetition replaces
    the tokens once more.
    """
    async with repeatable(request) as call:
        body = await call.body(bodies.Switch)
        reply = await call.services.auth.SwitchRestaurant(
            SwitchRestaurantRequest(restaurant_id=str(body.restaurant_id))
        )
        return call.answer(auth_json.session(reply.session))


@routes.get(
    "/me",
    **spec("Who am I", tag="auth", permission="session.own", answer=MeOut, example=examples.ME),
)
async def me(request: Request) -> Response:
    """The caller, the role in the present restaurant and what it permits."""
    async with reading(request) as call:
        return call.answer(auth_json.get_me_response(await call.services.auth.GetMe(GetMeRequest())))
