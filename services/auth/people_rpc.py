"""The gRPC face of invitations, passwords and local mail: parse, call the use case, serialise."""

# ruff: noqa: N802 (the names of the contract)

from typing import Any

from fynlo.auth.v1 import people_service_pb2 as people_api
from fynlo.auth.v1 import people_service_pb2_grpc as people_grpc

from chassis.ids import parse_id
from chassis.rpc import current_principal
from chassis.rpc.cursors import BY_ID, page_of
from services.auth import wire
from services.auth.domain.roles import Role
from services.auth.rpc import caller, request_key
from services.auth.usecases import invitations, mail, members, passwords
from services.auth.usecases.context import Context


class PeopleRpc(people_grpc.PeopleServiceServicer):
    """fynlo.auth.v1.PeopleService."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def Invite(self, request: people_api.InviteRequest, context: Any) -> people_api.InviteResponse:
        inviter = invitations.Inviter(caller().user_id, _own_role())
        invitee = invitations.Invitee(request.email, wire.role_of(request.role), request.name)
        key = request_key("Invite", request)
        return await invitations.invite(self._ctx, current_principal().tenant, inviter, invitee, key)

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
            invitations=[wire.invitation_message(each, now) for each in shown], next_cursor=following
        )

    async def RevokeInvitation(
        self, request: people_api.RevokeInvitationRequest, context: Any
    ) -> people_api.RevokeInvitationResponse:
        invitation_id = parse_id(request.invitation_id)
        key = request_key("RevokeInvitation", request)
        tenant = current_principal().tenant
        return await invitations.revoke_invitation(self._ctx, tenant, _own_role(), invitation_id, key)

    async def PreviewInvitation(
        self, request: people_api.PreviewInvitationRequest, context: Any
    ) -> people_api.PreviewInvitationResponse:
        found = await invitations.preview(self._ctx, request.token, request.remote_address)
        return wire.preview_response(found)

    async def AcceptInvitation(
        self, request: people_api.AcceptInvitationRequest, context: Any
    ) -> people_api.AcceptInvitationResponse:
        command = invitations.Acceptance(
            token=request.token,
            password=request.password,
            name=request.name,
            device_id=request.device_id,
            client=wire.client_of(request.client),
            address=request.remote_address,
        )
        opened = await invitations.accept_and_log_in(self._ctx, command)
        return people_api.AcceptInvitationResponse(session=wire.session_message(opened))

    async def ChangeRole(
        self, request: people_api.ChangeRoleRequest, context: Any
    ) -> people_api.ChangeRoleResponse:
        return await members.change_role(
            self._ctx,
            current_principal().tenant,
            _own_role(),
            parse_id(request.user_id),
            wire.role_of(request.role),
            request_key("ChangeRole", request),
        )

    async def ChangePassword(
        self, request: people_api.ChangePasswordRequest, context: Any
    ) -> people_api.ChangePasswordResponse:
        change = passwords.Change(request.current, request.new, request.remote_address)
        await passwords.change_password(self._ctx, caller(), change)
        return people_api.ChangePasswordResponse()

    async def RequestPasswordReset(
        self, request: people_api.RequestPasswordResetRequest, context: Any
    ) -> people_api.RequestPasswordResetResponse:
        await passwords.request_reset(self._ctx, request.email, request.remote_address)
        return people_api.RequestPasswordResetResponse()

    async def ResetPassword(
        self, request: people_api.ResetPasswordRequest, context: Any
    ) -> people_api.ResetPasswordResponse:
        await passwords.reset_password(self._ctx, request.token, request.password, request.remote_address)
        return people_api.ResetPasswordResponse()

    async def ListOutbox(
        self, request: people_api.ListOutboxRequest, context: Any
    ) -> people_api.ListOutboxResponse:
        return wire.outbox_response(await mail.local_mails(self._ctx, request.recipient))


def _own_role() -> Role:
    """What the caller is in the restaurant of the token."""
    return Role(current_principal().role or "")
