"""The examples of the operators' routes: a payment that orders could not note."""

from typing import Final

from gateway.examples import AT, RESTAURANT_ID, Example

EVENT_ID: Final = "0198f0a0-0000-7000-8000-0000000000e7"
TYPE: Final = "fynlo.payments.v1.PaymentCaptured"
PARKED_EVENT: Final[Example] = {
    "id": EVENT_ID,
    "service": "orders",
    "type": TYPE,
    "subject": f"{TYPE}.{RESTAURANT_ID}",
    "restaurant_id": RESTAURANT_ID,
    "parked_at": AT,
    "tries": 9,
    "failures": 8,
    "error": "the order is not there (OrderNotFound)",
}
PARKED_PAGE: Final[Example] = {
    "items": [PARKED_EVENT],
    "services": [{"service": "orders", "parked": 1}, {"service": "staff", "parked": None}],
    "next_cursor": None,
}
PARKED_BODY: Final[Example] = {
    **PARKED_EVENT,
    "body": '{\n  "payment": {\n    "method": "PAYMENT_METHOD_CASH"\n  }\n}',
    "body_cut": False,
}
RETRY_IN: Final[Example] = {"type": TYPE}
DISCARD_IN: Final[Example] = {"reason": "the payment was noted by hand"}
