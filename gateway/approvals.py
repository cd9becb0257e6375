"""A second person's approval on its way to the service that proves it."""

from fynlo.common.v1.common_pb2 import Approval

from chassis.errors import Unauthenticated
from gateway.calls import Call, authenticated
from gateway.models.bodies import ApprovalIn


async def approval_of(call: Call, given: ApprovalIn | None) -> Approval | None:
    """What is handed on. Whether it counts is for the service, which first looks whether the command was
    done already; an approval of a session that has ended meanwhile is none, and only the gateway knows.
    """
    if given is None:
        return None
    try:
        await authenticated(call.gateway, given.token)
    except Unauthenticated as problem:
        if problem.reason == "TOKEN_REVOKED":
            return None
    return Approval(token=given.token)
