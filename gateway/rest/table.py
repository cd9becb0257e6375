"""Made of the contracts: `make protos FIX=1` writes it anew.

All routes.
"""

from typing import Final

from gateway.plain import Route
from gateway.rest import auth, catalog, operations, orders, payments, realtime, staff

ROUTES: Final[tuple[Route, ...]] = (
    *auth.ROUTES,
    *catalog.ROUTES,
    *operations.ROUTES,
    *orders.ROUTES,
    *payments.ROUTES,
    *realtime.ROUTES,
    *staff.ROUTES,
)
