"""Who may call which method: read once, at start, from the options in the contract. No option: nobody may."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

from fynlo.common.v1 import options_pb2, rest_pb2
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor

from chassis.auth import Principal
from chassis.errors import PermissionDenied, Unauthenticated
from chassis.rpc.call import Call


class Access(Enum):
    """The four answers a contract can give."""

    NOBODY = "nobody"
    PUBLIC = "public"
    SERVICE_ONLY = "service_only"
    PERMISSION = "permission"


@dataclass(frozen=True, slots=True)
class MethodPolicy:
    """The access rule of one method; ``permission`` is set for Access.PERMISSION only."""

    access: Access
    permission: str = ""
    callers: frozenset[str] = frozenset()
    """Services that may call as themselves."""

    def admit(self, call: Call) -> None:
        """Lets the call pass or raises PermissionDenied (METHOD_CLOSED, SERVICE_ONLY, CALLER_REFUSED,
        PERMISSION_MISSING) or Unauthenticated (TOKEN_MISSING)."""
        if self.access is Access.SERVICE_ONLY and not call.service:
            raise PermissionDenied("only services of the system may call this", reason="SERVICE_ONLY")
        if call.service:
            if call.service not in self.callers:
                raise PermissionDenied(f"{call.service} may not call this as itself", reason="CALLER_REFUSED")
        elif self.access is Access.PERMISSION:
            _holder(call).require(self.permission)
        elif self.access is not Access.PUBLIC:
            raise PermissionDenied("nobody may call this method", reason="METHOD_CLOSED")


def _holder(call: Call) -> Principal:
    if call.principal is None:
        raise Unauthenticated("an access token is needed", reason="TOKEN_MISSING")
    return call.principal


@cache
def policies_of(service_name: str) -> Mapping[str, MethodPolicy]:
    """Method name -> policy of a service in the generated contracts (``fynlo.orders.v1.OrdersService``).

    Raises KeyError for an unknown service and ValueError for a method that states two rules at once.
    """
    service = descriptor_pool.Default().FindServiceByName(service_name)
    return {method.name: _policy_of(method) for method in service.methods}


def access_of(service_name: str, method_name: str) -> Access:
    """The access rule of one method; NOBODY for one that is in no contract."""
    try:
        return policies_of(service_name)[method_name].access
    except KeyError:
        return Access.NOBODY


def approver_permission(service_name: str, method: str) -> str:
    """The permission that lifts the limits of a method, as the contract says.

    Raises KeyError for an unknown service or method and ValueError for a method that names none.
    """
    described = descriptor_pool.Default().FindServiceByName(service_name).methods_by_name[method]
    permission: str = described.GetOptions().Extensions[options_pb2.approver]
    if not permission:
        raise ValueError(f"{described.full_name} names no approver")
    return permission


def _policy_of(method: MethodDescriptor) -> MethodPolicy:
    options: Any = method.GetOptions().Extensions
    permission, callers = options[options_pb2.permission], frozenset(options[options_pb2.callers])
    stated = [
        *([MethodPolicy(Access.PUBLIC)] if options[options_pb2.public] else []),
        *([MethodPolicy(Access.SERVICE_ONLY, callers=callers)] if options[options_pb2.service_only] else []),
        *([MethodPolicy(Access.PERMISSION, permission, callers)] if permission else []),
    ]
    if len(stated) > 1:
        raise ValueError(f"{method.full_name} states more than one access rule")
    return stated[0] if stated else MethodPolicy(Access.NOBODY)


def refusals_of(service_name: str) -> Mapping[str, frozenset[str]]:
    """Method name -> the reasons with which a method refuses, as the contract lists them: its own, and those
    of methods that it names.

    What the chassis raises by itself (permissions, keys, the database) is not listed.
    """
    pool = descriptor_pool.Default()
    found = {}
    for method in pool.FindServiceByName(service_name).methods:
        others = [pool.FindMethodByName(name) for name in method.GetOptions().Extensions[rest_pb2.refused_as]]
        found[method.name] = frozenset().union(*(own_refusals(one) for one in (method, *others)))
    return found


def own_refusals(method: MethodDescriptor) -> frozenset[str]:
    """The reasons that the contract lists for a method itself."""
    listed = method.GetOptions().Extensions[rest_pb2.refused]
    return frozenset(reason for refusals in listed for reason in refusals.reasons)


def refusal_of(service_name: str, method: str, reason: str) -> str:
    """``reason``, for a caller that acts on it. Raises ValueError where the contract does not list it: a
    caller that waited for another word would take one refusal for another.
    """
    if reason not in refusals_of(service_name)[method]:
        raise ValueError(f"{service_name}.{method} does not refuse with {reason}")
    return reason
