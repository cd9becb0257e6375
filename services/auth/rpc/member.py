"""Who belongs to a restaurant, and as what."""

# ruff: noqa: N802 (the names of the contract)

from typing import Any

from fynlo.auth.v1 import auth_service_pb2 as auth_api
from fynlo.auth.v1 import people_service_pb2 as people_api

from chassis.db.commands import Answer
from chassis.ids import parse_id
from chassis.rpc import current_principal
from chassis.rpc.cursors import BY_ID, page_of
from services.auth.domain.invitation import InvitationRequired
from services.auth.domain.member import Membership
from services.auth.rpc.callers import own_role, request_key
from services.auth.rpc.context import PartOfAuth, PartOfPeople
from services.auth.usecases import member as members
from services.auth.wire.member import member_message, membership_message
from services.auth.wire.role import role_of


def _role_changed(member: Membership) -> people_api.ChangeRoleResponse:
    return people_api.ChangeRoleResponse(membership=membership_message(member))


def _removed(_: Membership) -> auth_api.RemoveMemberResponse:
    return auth_api.RemoveMemberResponse()


ROLE_CHANGED = Answer(people_api.ChangeRoleResponse, _role_changed)
REMOVED = Answer(auth_api.RemoveMemberResponse, _removed)


class MemberRpc(PartOfAuth):
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
        command = members.RemoveMember(
            current_principal().tenant, request_key("RemoveMember", request), parse_id(request.user_id)
        )
        return await members.remove_member(self._ctx, command, REMOVED)


class MemberRoleRpc(PartOfPeople):
    """The part of PeopleService."""

    async def ChangeRole(
        self, request: people_api.ChangeRoleRequest, context: Any
    ) -> people_api.ChangeRoleResponse:
        command = members.ChangeRole(
            current_principal().tenant,
            request_key("ChangeRole", request),
            own_role(),
            parse_id(request.user_id),
            role_of(request.role),
        )
        return await members.change_role(self._ctx, command, ROLE_CHANGED)
