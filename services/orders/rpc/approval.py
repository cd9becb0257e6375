"""Whether a caller acts alone, and whether the approval that came with a request stands."""

from fynlo.common.v1 import common_pb2

from chassis.auth import Principal
from chassis.auth.trust import Trust
from chassis.errors import Unauthenticated
from chassis.rpc import approver_permission
from services.orders.domain.actor import Actor
from services.orders.domain.approval import Authority


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
        alone = caller.may(permission)
        if alone or not approval.token:
            return Authority(permission, alone)
        try:
            approver = await self._trust.verifier.verify(approval.token)
            self._trust.revocations.check(approver)
        except Unauthenticated as problem:
            return Authority(permission, alone, fault=problem.reason.lower())
        fault = _fault(approver, caller, permission)
        if fault or approver.subject is None:
            return Authority(permission, alone, fault=fault)
        return Authority(permission, alone, approver=Actor(str(approver.subject), approver.name))


def _fault(approver: Principal, caller: Principal, permission: str) -> str:
    if approver.restaurant_id != caller.tenant:
        return "other_restaurant"
    if approver.subject == caller.subject:
        return "same_person"
    return "" if approver.may(permission) else "permission_missing"
