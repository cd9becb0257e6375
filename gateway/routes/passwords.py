"""Passwords, which are set by their owners only."""

from fastapi import Request
from fynlo.auth.v1 import people_service_pb2 as messages
from starlette.responses import Response

from gateway import people_examples
from gateway.calls import HASHING_SECONDS, Entry, client_address, signing_in
from gateway.models import people as models
from gateway.routes.invitations import LINK_ERRORS, PASSWORD_ERRORS
from gateway.spec import router, spec

routes = router()


@routes.post(
    "/auth/password",
    **spec(
        "Change one's password",
        tag="auth",
        permission="session.own",
        answer=None,
        example={},
        body=models.PasswordIn,
        body_example=people_examples.PASSWORD_IN,
        errors=(("422", "current_password_wrong"), *PASSWORD_ERRORS, ("409", "concurrent_update")),
    ),
)
async def change_password(request: Request) -> Response:
    """This session goes on; every other one of the person ends at once, with its sockets. No Idempotency-Key
    is needed: what was changed is not changed twice, because the present password is another one then.
    """
    async with Entry(request, "", HASHING_SECONDS) as call:
        body = await call.body(models.PasswordIn)
        await call.services.people.ChangePassword(
            messages.ChangePasswordRequest(
                current=body.current,
                new=body.new,
                remote_address=client_address(request),
            ),
            timeout=HASHING_SECONDS,
        )
        return call.answer({})


@routes.post(
    "/auth/password/forgot",
    **spec(
        "Ask for a link to set a new password",
        tag="auth",
        permission=None,
        answer=None,
        example={},
        body=models.ForgotIn,
        body_example=people_examples.FORGOT_IN,
        errors=(("429", "too_many_attempts"), ("429", "rate_limited"), ("503", "mail_queue_full")),
    ),
)
async def forgot(request: Request) -> Response:
    """Answers alike whether or not anybody has the address; who has it gets a mail."""
    async with signing_in(request) as call:
        body = await call.body(models.ForgotIn)
        address = client_address(request)
        await call.services.people.RequestPasswordReset(
            messages.RequestPasswordResetRequest(email=body.email, remote_address=address)
        )
        return call.answer({})


@routes.post(
    "/auth/password/reset",
    **spec(
        "Set a new password with a link",
        tag="auth",
        permission=None,
        answer=None,
        example={},
        body=models.ResetIn,
        body_example=people_examples.RESET_IN,
        errors=(*LINK_ERRORS, *PASSWORD_ERRORS, ("409", "concurrent_update")),
    ),
)
async def reset(request: Request) -> Response:
    """Once. Every session of the person ends; log in with the new password."""
    async with signing_in(request) as call:
        body = await call.body(models.ResetIn)
        await call.services.people.ResetPassword(
            messages.ResetPasswordRequest(
                token=body.token,
                password=body.password,
                remote_address=client_address(request),
            ),
            timeout=HASHING_SECONDS,
        )
        return call.answer({})
