"""gRPC between the services: a server that guards its methods and channels that carry the caller along."""

from chassis.rpc.call import (
    Call,
    acting_for,
    current_call,
    current_principal,
    enter_inbound,
    inbound,
    mark_replayed,
    remaining_seconds,
    tenant_named,
)
from chassis.rpc.client import Channel, open_channel, was_replayed
from chassis.rpc.policy import approver_permission, policies_of, refusal_of, refusals_of
from chassis.rpc.refusals import Asker, Counted, Refusal, Refusals, Report, asker_of
from chassis.rpc.server import RpcServer
from chassis.rpc.status import problem_of
from chassis.rpc.tls import channel_credentials, client_context, server_context

__all__ = [
    "Asker",
    "Call",
    "Channel",
    "Counted",
    "Refusal",
    "Refusals",
    "Report",
    "RpcServer",
    "acting_for",
    "asker_of",
    "channel_credentials",
    "client_context",
    "server_context",
    "current_call",
    "current_principal",
    "enter_inbound",
    "approver_permission",
    "inbound",
    "mark_replayed",
    "open_channel",
    "policies_of",
    "problem_of",
    "refusal_of",
    "refusals_of",
    "remaining_seconds",
    "tenant_named",
    "was_replayed",
]
