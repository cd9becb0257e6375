"""How far a caller's word goes, and whether the approval that came with a request stands."""

from dataclasses import replace

from fynlo.common.v1 import common_pb2

from chassis.auth import Principal
from chassis.auth.trust import Trust
from chassis.errors import Unauthenticated
from chassis.rpc import approver_permission
from services.orders.domain.actor import Actor
from services.orders.domain.approval import Authority, Rank

SETS_LIMITS = "settings.manage"
"""Whoever sets the limits is above those of managers."""


class Approvals:
    """Reads approvals for the methods of one service. Tokens are proven here, whoever passed them on."""

    def __init__(self, trust: Trust, service_name: str) -> None:
        self._trust = trust
        self._service_name = service_name

    async def behind(self, method: str, caller: Principal, approval: common_pb2.Approval) -> Authority:
        """What stands behind a call; an approval without a token is none.

        One that does not stand is a fault and no refusal yet: a retry of what was done already is answered
        when the approval has run out meanwhile. Raises Unavailable (KEYS_UNAVAILABLE).
        """
        permission = approver_permission(self._service_name, method)
        own = Authority(permission, caller.may(permission), rank=_rank(caller, permission))
        if not approval.token:
            return own
        try:
            approver = await self._trust.verifier.verify(approval.token)
            self._trust.revocations.check(approver)
        except Unauthenticated as problem:
            return replace(own, fault=problem.reason.lower())
        fault = _fault(approver, caller, permission)
        if fault or approver.subject is None:
            return replace(own, fault=fault)
        actor = Actor(str(approver.subject), approver.name)
        return replace(own, approver=actor, approver_rank=_rank(approver, permission))


def _rank(person: Principal, permission: str) -> Rank:
    if person.may(SETS_LIMITS):
        return Rank.OWNER
    return Rank.MANAGER if person.may(permission) else Rank.STAFF


def _fault(approver: Principal, caller: Principal, permission: str) -> str:
    if approver.restaurant_id != caller.tenant:
        return "other_restaurant"
    if approver.subject == caller.subject:
        return "same_person"
    return "" if approver.may(permission) else "permission_missing"
