"""Inviting people to a restaurant, and taking up an invitation."""

from fastapi import Request
from fynlo.auth.v1 import people_service_pb2 as messages
from fynlo.common.v1.common_pb2 import PageRequest
from fynlo_json import auth as auth_json
from fynlo_json.auth import ROLE
from starlette.responses import Response

from gateway import examples, people_examples
from gateway.calls import HASHING_SECONDS, client_address, reading, signing_in, writing
from gateway.models import people as models
from gateway.models.answers import SessionOut
from gateway.routes.auth import CLIENTS
from gateway.spec import PAGE_QUERY, Errors, router, spec

routes = router()

_ROLES = ROLE.numbers()
LINK_ERRORS: Errors = (
    ("422", "link_invalid"),
    ("422", "link_expired"),
    ("429", "too_many_attempts"),
    ("429", "rate_limited"),
)
PASSWORD_ERRORS: Errors = (
    ("422", "password_required"),
    ("422", "weak_password"),
    ("429", "locked_out"),
    ("429", "log_in_busy"),
)


@routes.post(
    "/invitations",
    **spec(
        "Invite a person",
        tag="people",
        permission="members.invite",
        status=201,
        answer=models.InvitationOut,
        example=people_examples.INVITATION,
        body=models.InvitationIn,
        body_example=people_examples.INVITATION_IN,
        errors=(
            ("403", "role_above_own"),
            ("409", "already_member"),
            ("429", "too_many_invitations"),
            ("503", "mail_queue_full"),
        ),
        key="optional",
    ),
)
async def invite(request: Request) -> Response:
    """Sends a link to the address, with which its holder joins. Again for a pending one: a new link, the
    earlier ones die. The answer is the same whether or not the address has an account.
    """
    async with writing(request) as call:
        body = await call.body(models.InvitationIn)
        message = messages.InviteRequest(
            request_id=call.key, email=body.email, name=body.name or "", role=_ROLES[body.role]
        )
        reply = await call.write(call.services.people.Invite(message))
        return call.answer(auth_json.invitation(reply.invitation), 201)


@routes.get(
    "/invitations",
    **spec(
        "List invitations",
        tag="people",
        permission="members.invite",
        answer=models.InvitationPage,
        example={"items": [people_examples.INVITATION], "next_cursor": None},
        query=PAGE_QUERY,
    ),
)
async def list_invitations(request: Request) -> Response:
    """Newest first, with what became of each."""
    async with reading(request) as call:
        reply = await call.services.people.ListInvitations(
            messages.ListInvitationsRequest(page=PageRequest(**call.page()))
        )
        items = [auth_json.invitation(one) for one in reply.invitations]
        return call.answer({"items": items, "next_cursor": reply.next_cursor or None})


@routes.delete(
    "/invitations/{invitation_id}",
    **spec(
        "Withdraw an invitation",
        tag="people",
        permission="members.invite",
        answer=None,
        example={},
        missing="invitation_not_found",
        errors=(("403", "role_above_own"),),
        key="optional",
    ),
)
async def revoke(request: Request) -> Response:
    """Its links die. What was accepted is a membership: that is taken away with DELETE /members/{user_id}."""
    async with writing(request) as call:
        message = messages.RevokeInvitationRequest(
            request_id=call.key, invitation_id=call.id_of("invitation_id")
        )
        await call.write(call.services.people.RevokeInvitation(message))
        return call.answer({})


@routes.post(
    "/invitations/preview",
    **spec(
        "What an invitation asks",
        tag="people",
        permission=None,
        answer=models.PreviewOut,
        example=people_examples.PREVIEW,
        body=models.PreviewIn,
        body_example=people_examples.PREVIEW_IN,
        errors=LINK_ERRORS,
    ),
)
async def preview(request: Request) -> Response:
    """For who holds the link: where it leads, and whether the address has an account."""
    async with signing_in(request) as call:
        body = await call.body(models.PreviewIn)
        address = client_address(request)
        reply = await call.services.people.PreviewInvitation(
            messages.PreviewInvitationRequest(token=body.token, remote_address=address)
        )
        return call.answer(auth_json.preview_invitation_response(reply))


@routes.post(
    "/invitations/accept",
    **spec(
        "Accept an invitation",
        tag="people",
        permission=None,
        answer=SessionOut,
        example=examples.SESSION,
        body=models.AcceptIn,
        body_example=people_examples.ACCEPT_IN,
        errors=(
            *LINK_ERRORS,
            *PASSWORD_ERRORS,
            ("401", "invalid_credentials"),
            ("401", "no_membership"),
            ("409", "concurrent_update"),
        ),
    ),
)
async def accept(request: Request) -> Response:
    """Once. An account that is there is proven with its password, which it keeps; a new address sets one of
    its own. Answers as a log-in.
    """
    async with signing_in(request) as call:
        body = await call.body(models.AcceptIn)
        reply = await call.services.people.AcceptInvitation(
            messages.AcceptInvitationRequest(
                token=body.token,
                password=body.password or "",
                name=body.name or "",
                device_id=body.device_id or "",
                client=CLIENTS[body.client],
                remote_address=client_address(request),
            ),
            timeout=HASHING_SECONDS,
        )
        return call.answer(auth_json.session(reply.session))
