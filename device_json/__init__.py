"""The JSON that devices see: contract message in, dict out, ready for orjson.

The gateway's REST answers and the frames of the realtime service are made here, so that a snapshot and an
event have one shape. Conventions: snake_case, amounts in integer minor units with ``currency`` (ISO 4217)
stated once per resource, instants in RFC 3339 UTC with milliseconds and ``Z``, business dates as YYYY-MM-DD,
enum values in lower case without their prefix, and ``None`` for whatever is empty or unknown. Fields that old
clients do not know may be added; none is renamed or taken away.
"""

from device_json.accounts import (
    invitation,
    invitation_preview,
    invited_owner,
    logged_in,
    me,
    member,
    membership,
    outbox_mail,
    restaurant,
    session,
    user,
)
from device_json.catalog import availability, category, item, menu, menu_delta, menu_import, stock_level
from device_json.channels import channel_name, snapshot, snapshot_state
from device_json.operations import parked_event
from device_json.orders import metrics, order, quote, state_change, station, ticket, ticket_alarm
from device_json.payments import (
    fee,
    ledger_account,
    method_cost,
    payment,
    till_report,
    till_session,
    z_report_notice,
)
from device_json.scalars import actor
from device_json.staff import employee, timecard

__all__ = [
    "actor",
    "availability",
    "category",
    "channel_name",
    "employee",
    "fee",
    "invitation",
    "invitation_preview",
    "invited_owner",
    "item",
    "ledger_account",
    "logged_in",
    "me",
    "member",
    "membership",
    "menu",
    "menu_delta",
    "menu_import",
    "method_cost",
    "metrics",
    "order",
    "outbox_mail",
    "parked_event",
    "payment",
    "quote",
    "restaurant",
    "session",
    "snapshot",
    "snapshot_state",
    "state_change",
    "station",
    "stock_level",
    "ticket",
    "ticket_alarm",
    "till_report",
    "till_session",
    "timecard",
    "user",
    "z_report_notice",
]
