"""Which service publishes, consumes and hears which events. A test holds it against contracts and code."""

from chassis.messaging.stream import all_of

PUBLISHERS = ("auth", "catalog", "orders", "payments", "staff")
"""Services with an outbox; each publishes the events of its own package and no others."""

CONSUMES: dict[str, tuple[str, ...]] = {
    "catalog": (
        "fynlo.auth.v1.RestaurantUpdated",
        "fynlo.orders.v1.OrderCancelled",
        "fynlo.orders.v1.OrderCompleted",
        "fynlo.orders.v1.OrderPlaced",
        "fynlo.orders.v1.OrderUpdated",
    ),
    "orders": (
        "fynlo.auth.v1.RestaurantUpdated",
        "fynlo.catalog.v1.MenuChanged",
        "fynlo.payments.v1.PaymentCaptured",
    ),
    "payments": (
        "fynlo.auth.v1.RestaurantUpdated",
        "fynlo.orders.v1.OrderCancelled",
        "fynlo.orders.v1.OrderPlaced",
        "fynlo.orders.v1.OrderUpdated",
    ),
    "staff": ("fynlo.auth.v1.RestaurantUpdated",),
}
"""Through the inbox: once each, by a durable consumer for each type."""

REVOCATIONS = "fynlo.auth.v1.SessionsRevoked.*"
CHANNEL_OWNERS = ("catalog", "orders", "payments", "staff")
"""Services with channels, whose events realtime passes on to devices and reads back from the stream."""

HEARS: dict[str, tuple[str, ...]] = {
    "auth": (REVOCATIONS,),
    "catalog": (REVOCATIONS,),
    "orders": (REVOCATIONS,),
    "payments": (REVOCATIONS,),
    "staff": (REVOCATIONS,),
    "gateway": (REVOCATIONS, all_of("catalog")),
    "realtime": (REVOCATIONS, *(all_of(owner) for owner in CHANNEL_OWNERS)),
}
"""As they are published, without a guarantee: what a process that missed one can do without or asks for."""

NOTES: dict[str, tuple[str, ...]] = {
    **{publisher: (f"fynlo-nudge.{publisher}",) for publisher in PUBLISHERS},
    "realtime": ("fynlo-kds",),
}
"""Between the replicas of one service; nobody else can hear or say them."""

PROCESSES = tuple(HEARS)
