"""A second person's approval on its way to the service that proves it."""

from typing import Any

from chassis.errors import Unauthenticated
from gateway.calls import Call, authenticated


async def forget_ended(call: Call, message: Any) -> None:
    """Takes an approval out of a request when its session has ended meanwhile, which only the gateway knows.

    Whether one counts is otherwise for the service, which first looks whether the command was done already.
    An order brings it in its body.
    """
    if "approval" not in message.DESCRIPTOR.fields_by_name:
        message = message.order
    if not message.HasField("approval"):
        return
    try:
        await authenticated(call.gateway, message.approval.token)
    except Unauthenticated as problem:
        if problem.reason == "TOKEN_REVOKED":
            message.ClearField("approval")
