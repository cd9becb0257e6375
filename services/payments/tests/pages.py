"""Pages of the lists of payments, as requests ask for them."""

from datetime import datetime
from uuid import UUID

from fynlo.common.v1.common_pb2 import PageRequest
from fynlo.payments.v1 import payments_service_pb2 as payments_api

from chassis.rpc.cursors import BY_NUMBER, BY_TIME, Page, page_of


def payments(limit: int = 0, cursor: str = "") -> Page[tuple[datetime, UUID]]:
    """Of all payments."""
    return page_of(payments_api.ListPaymentsRequest(page=PageRequest(limit=limit, cursor=cursor)), BY_TIME)


def sessions(limit: int = 0, cursor: str = "") -> Page[tuple[datetime, UUID]]:
    """Of all till sessions."""
    return page_of(
        payments_api.ListTillSessionsRequest(page=PageRequest(limit=limit, cursor=cursor)), BY_TIME
    )


def reports(limit: int = 0, cursor: str = "") -> Page[int]:
    """Of all Z reports."""
    return page_of(payments_api.ListZReportsRequest(page=PageRequest(limit=limit, cursor=cursor)), BY_NUMBER)
