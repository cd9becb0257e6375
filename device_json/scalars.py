"""Instants, enum names and absent values, as every resource writes them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from fynlo.auth.v1 import auth_pb2
from fynlo.catalog.v1 import catalog_pb2
from fynlo.common.v1 import common_pb2
from fynlo.orders.v1 import orders_pb2
from fynlo.payments.v1 import payments_pb2
from google.protobuf.timestamp_pb2 import Timestamp

Json = dict[str, Any]

UNKNOWN: Final = "unknown"
"""A value that a newer service knows and this code does not."""


class EnumNames(dict[int, str | None]):
    """number -> lower-case name without prefix; UNSPECIFIED -> None; a future number -> "unknown"."""

    def __init__(self, enum: Any, prefix: str) -> None:
        super().__init__(
            (number, None if number == 0 else name.removeprefix(prefix).lower())
            for name, number in enum.items()
        )

    def __missing__(self, number: int) -> str | None:
        return UNKNOWN

    def numbers(self) -> Mapping[str, Any]:
        """The way back: name -> number, for reading what a client sent."""
        return {name: number for number, name in self.items() if name is not None}


ORDER_STATE: Final = EnumNames(orders_pb2.OrderState, "ORDER_STATE_")
LIFECYCLE: Final = EnumNames(orders_pb2.Lifecycle, "LIFECYCLE_")
PAYMENT_STATE: Final = EnumNames(orders_pb2.PaymentState, "PAYMENT_STATE_")
KITCHEN_STATE: Final = EnumNames(orders_pb2.KitchenState, "KITCHEN_STATE_")
SERVICE_FLOW: Final = EnumNames(orders_pb2.ServiceFlow, "SERVICE_FLOW_")
ORDER_TYPE: Final = EnumNames(common_pb2.OrderType, "ORDER_TYPE_")
BILL_MODE: Final = EnumNames(common_pb2.BillMode, "BILL_MODE_")
ALLERGEN: Final = EnumNames(catalog_pb2.Allergen, "ALLERGEN_")
PAYMENT_METHOD: Final = EnumNames(payments_pb2.PaymentMethod, "PAYMENT_METHOD_")
PAYMENT_STATUS: Final = EnumNames(payments_pb2.PaymentStatus, "PAYMENT_STATUS_")
FEE_BEARER: Final = EnumNames(payments_pb2.FeeBearer, "FEE_BEARER_")
DRAWER_EVENT: Final = EnumNames(payments_pb2.DrawerEventKind, "DRAWER_EVENT_KIND_")
TILL_STATE: Final = EnumNames(payments_pb2.TillState, "TILL_STATE_")
ROLE: Final = EnumNames(auth_pb2.Role, "ROLE_")
INVITATION_STATE: Final = EnumNames(auth_pb2.InvitationState, "INVITATION_STATE_")
MEMBERSHIP_STATE: Final = EnumNames(auth_pb2.MembershipState, "MEMBERSHIP_STATE_")


def instant(at: Timestamp) -> str:
    """RFC 3339, UTC, milliseconds (cut, not rounded): 2026-03-01T12:30:00.123Z."""
    text = datetime.fromtimestamp(at.seconds, UTC).isoformat()
    return f"{text[:19]}.{at.nanos // 1_000_000:03d}Z"


def actor(who: common_pb2.Actor) -> Json:
    """Who did something."""
    return {"user_id": who.user_id or None, "name": who.name or None, "device_id": who.device_id or None}
