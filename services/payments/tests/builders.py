"""Values that tests start from; each argument is what a test is about."""

from datetime import UTC, date, datetime
from uuid import UUID

from chassis.ids import new_id
from services.payments.domain.actor import Actor
from services.payments.domain.approval import Authority
from services.payments.domain.bill import Bill, BillMode, BillState, Charges, VatGroup
from services.payments.domain.till import TillSession, TillState

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
RESTAURANT = UUID("01930000-0000-7000-8000-000000000001")
MARA = Actor(UUID("01930000-0000-7000-8000-00000000000c"), "Mara")
BEN = Actor(UUID("01930000-0000-7000-8000-00000000000b"), "Ben", "ipad-2")
BY_ONESELF = Authority("till.approve", alone=False)
MANAGES = Authority("till.approve", alone=True)
APPROVED = Authority("till.approve", alone=False, approver=MARA)
FAULTY = Authority("till.approve", alone=False, fault="token_expired")
ANNA = Actor(UUID("01930000-0000-7000-8000-00000000000a"), "Anna", "ipad-1")


def charges(
    total: int = 11250,
    *,
    service: int = 1250,
    discount: int = 0,
    void: int = 0,
    mode: BillMode = BillMode.INCLUSIVE_OPTIONAL,
    vat: tuple[VatGroup, ...] | None = None,
) -> Charges:
    """By default the first row of the pricing vectors: 100.00 of goods, 12.50 optional service, 16.67 VAT
    inside.
    """
    groups = (VatGroup(2000, 10000, 1667),) if vat is None else vat
    return Charges(mode, total, service, discount, void, groups)


def bill(of: Charges | None = None, *, order_number: int = 7, covers: int = 2) -> Bill:
    return Bill(
        order_id=new_id(),
        order_number=order_number,
        order_version=1,
        currency_code="GBP",
        covers=covers,
        state=BillState.OPEN,
        charges=of or charges(),
    )


def session(*, opening_float: int = 5000, expected: int = 5000) -> TillSession:
    return TillSession(
        id=new_id(),
        restaurant_id=RESTAURANT,
        till="Front",
        state=TillState.OPEN,
        currency_code="GBP",
        business_date=date(2026, 11, 20),
        opened_at=NOON,
        opening_float_minor=opening_float,
        expected_minor=expected,
        opened_by=ANNA,
        version=1,
    )
