"""Invitations."""

# ruff: noqa: N802 (the names of the contract)

from typing import Any

from fynlo.auth.v1 import people_service_pb2 as people_api

from chassis.db.commands import Answer
from chassis.ids import parse_id
from chassis.rpc import current_principal
from chassis.rpc.cursors import BY_ID, page_of
from services.auth.domain.invitation import Invitation, Invited, Invitee, Inviter
from services.auth.rpc.callers import caller, own_role, request_key
from services.auth.rpc.context import PartOfPeople
from services.auth.usecases import invitation as invitations
from services.auth.wire.invitation import invitation_message, preview_response
from services.auth.wire.role import role_of
from services.auth.wire.session import client_of, session_message


def _invited(invited: Invited) -> people_api.InviteResponse:
    return people_api.InviteResponse(invitation=invitation_message(invited))


def _revoked(_: Invitation) -> people_api.RevokeInvitationResponse:
    return people_api.RevokeInvitationResponse()


INVITED = Answer(people_api.InviteResponse, _invited)
REVOKED = Answer(people_api.RevokeInvitationResponse, _revoked)


class InvitationRpc(PartOfPeople):
    """Inviting, withdrawing, accepting."""

    async def Invite(self, request: people_api.InviteRequest, context: Any) -> people_api.InviteResponse:
        command = invitations.Invite(
            current_principal().tenant,
            request_key("Invite", request),
            Inviter(caller().user_id, own_role()),
            Invitee(request.email, role_of(request.role), request.name),
        )
        return await invitations.invite(self._ctx, command, INVITED)

    async def ListInvitations(
        self, request: people_api.ListInvitationsRequest, context: Any
    ) -> people_api.ListInvitationsResponse:
        page = page_of(request, BY_ID)
        found = await invitations.list_invitations(
            self._ctx, current_principal().tenant, limit=page.one_more, after=page.after
        )
        now = self._ctx.db.clock.now()
        shown, following = page.cut(found, lambda one: one.id)
        return people_api.ListInvitationsResponse(
            invitations=[invitation_message(Invited(each, now)) for each in shown], next_cursor=following
        )

    async def RevokeInvitation(
        self, request: people_api.RevokeInvitationRequest, context: Any
    ) -> people_api.RevokeInvitationResponse:
        command = invitations.RevokeInvitation(
            current_principal().tenant,
            request_key("RevokeInvitation", request),
            own_role(),
            parse_id(request.invitation_id),
        )
        return await invitations.revoke_invitation(self._ctx, command, REVOKED)

    async def PreviewInvitation(
        self, request: people_api.PreviewInvitationRequest, context: Any
    ) -> people_api.PreviewInvitationResponse:
        found = await invitations.preview(self._ctx, request.token, request.remote_address)
        return preview_response(found)

    async def AcceptInvitation(
        self, request: people_api.AcceptInvitationRequest, context: Any
    ) -> people_api.AcceptInvitationResponse:
        command = invitations.Acceptance(
            token=request.token,
            password=request.password,
            name=request.name,
            device_id=request.device_id,
            client=client_of(request.client),
            address=request.remote_address,
        )
        opened = await invitations.accept_and_log_in(self._ctx, command)
        return people_api.AcceptInvitationResponse(session=session_message(opened))
