"""Who belongs to a restaurant, and as what."""

# ruff: noqa: N802 (the names of the contract)

from typing import Any

from fynlo.auth.v1 import auth_service_pb2 as auth_api
from fynlo.auth.v1 import people_service_pb2 as people_api

from chassis.ids import parse_id
from chassis.rpc import current_principal
from chassis.rpc.cursors import BY_ID, page_of
from services.auth.domain.invitations import InvitationRequired
from services.auth.domain.roles import Membership
from services.auth.rpc.callers import own_role, request_key
from services.auth.rpc.context import PartOfAuth, PartOfPeople
from services.auth.usecases import members
from services.auth.wire.members import member_message
from services.auth.wire.roles import role_of


class MembersRpc(PartOfAuth):
    """The part of AuthService."""

    async def AddMember(self, request: auth_api.AddMemberRequest, context: Any) -> auth_api.AddMemberResponse:
        raise InvitationRequired("People join by an invitation that they accept.")

    async def ListMembers(
        self, request: auth_api.ListMembersRequest, context: Any
    ) -> auth_api.ListMembersResponse:
        page = page_of(request, BY_ID)
        found = await members.list_members(
            self._ctx, current_principal().tenant, limit=page.one_more, after=page.after
        )
        shown, following = page.cut(found, lambda one: one.user_id if isinstance(one, Membership) else one.id)
        return auth_api.ListMembersResponse(members=map(member_message, shown), next_cursor=following)

    async def RemoveMember(
        self, request: auth_api.RemoveMemberRequest, context: Any
    ) -> auth_api.RemoveMemberResponse:
        user_id = parse_id(request.user_id)
        key = request_key("RemoveMember", request)
        return await members.remove_member(self._ctx, current_principal().tenant, user_id, key)


class RolesRpc(PartOfPeople):
    """The part of PeopleService."""

    async def ChangeRole(
        self, request: people_api.ChangeRoleRequest, context: Any
    ) -> people_api.ChangeRoleResponse:
        return await members.change_role(
            self._ctx,
            current_principal().tenant,
            own_role(),
            parse_id(request.user_id),
            role_of(request.role),
            request_key("ChangeRole", request),
        )
