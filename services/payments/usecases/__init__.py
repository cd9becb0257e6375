"""What the payments service can do.

One function is one transaction; replies are the messages of the contract.
"""

from services.payments.usecases.channel import tills_snapshot
from services.payments.usecases.copies import CopyMissing, Peers, apply_order, apply_restaurant
from services.payments.usecases.costs import CompareCosts, compare_costs
from services.payments.usecases.paying import CloseBill, TakePayment, close_bill, take_payment
from services.payments.usecases.reading import (
    get_payment,
    get_till_session,
    get_trial_balance,
    get_x_report,
    get_z_report,
    list_payments,
    list_till_sessions,
    list_z_reports,
    verify_z_reports,
)
from services.payments.usecases.tills import (
    CloseTill,
    OpenTill,
    RecordDrawerEvent,
    close_till,
    open_till,
    record_drawer_event,
)

__all__ = [
    "CloseBill",
    "CloseTill",
    "CompareCosts",
    "CopyMissing",
    "OpenTill",
    "Peers",
    "RecordDrawerEvent",
    "TakePayment",
    "apply_order",
    "apply_restaurant",
    "close_bill",
    "close_till",
    "compare_costs",
    "get_payment",
    "get_till_session",
    "get_trial_balance",
    "get_x_report",
    "get_z_report",
    "list_payments",
    "list_till_sessions",
    "list_z_reports",
    "open_till",
    "record_drawer_event",
    "take_payment",
    "tills_snapshot",
    "verify_z_reports",
]
