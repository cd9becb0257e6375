"""A bill is what payments know of an order: how much, of what, and how much of it is paid.

A payment takes its share of everything on the bill: net sales and VAT of each rate, and the service charge.
Shares are cumulative: each payment brings the booked figures to their rounded share of all that was
paid so far, and the last one takes what is left, so that the payments of a bill always add up to the bill
exactly.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from chassis.money import divide_half_up, largest_remainder
from services.payments.domain.check import Check
from services.payments.domain.errors import (
    AmountAboveBalance,
    BillClosed,
    BillHasMoney,
    BillInconsistent,
    BillPaid,
)

Part = tuple[str, int | None]
"""A ledger account and the VAT rate in basis points that it is booked under (None: outside its scope)."""

SALES = "sales"
VAT_PAYABLE = "vat_payable"
SERVICE_CHARGE = "service_charge"


class BillMode(StrEnum):
    """How the order was computed: what is inside the prices and what comes on top."""

    INCLUSIVE_OPTIONAL = "inclusive_optional"
    INCLUSIVE_COMPULSORY = "inclusive_compulsory"
    EXCLUSIVE_LEGACY = "exclusive_legacy"


class BillState(StrEnum):
    """closed: the order was cancelled. A paid bill stays open; its balance is nothing."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class VatGroup:
    """All that one VAT rate applies to."""

    rate_bp: int
    gross_minor: int
    vat_minor: int


@dataclass(frozen=True, slots=True)
class Charges:
    """What an order costs, in minor units.

    ``service_minor`` includes its VAT where it is taxed inside the price.
    """

    mode: BillMode
    total_minor: int
    service_minor: int
    discount_minor: int
    void_minor: int
    vat: tuple[VatGroup, ...]
    comp_minor: int = 0
    """What of the discount was given on the house, in ``comp_count`` goes."""
    comp_count: int = 0


@dataclass(frozen=True, slots=True)
class Booked:
    """What the payments of a bill have taken of each part so far. ``parts`` sums up to what is paid."""

    parts: Mapping[Part, int] = field(default_factory=dict)
    service_minor: int = 0
    discount_minor: int = 0
    comp_minor: int = 0
    comp_count: int = 0


@dataclass(frozen=True, slots=True)
class Bill:
    """``sequence`` counts the money events of the bill; ``order_version`` guards against older news."""

    order_id: UUID
    order_number: int
    order_version: int
    currency_code: str
    covers: int
    state: BillState
    charges: Charges
    paid_minor: int = 0
    sequence: int = 0
    booked: Booked = field(default_factory=Booked)
    checks: tuple[Check, ...] = ()
    """As orders told them just now. They are not kept: a bill that is read from here has none."""

    @property
    def due_minor(self) -> int:
        """What is left to pay, never negative."""
        return max(0, self.charges.total_minor - self.paid_minor)

    @property
    def is_closed_with_money(self) -> bool:
        """The order was cancelled although money was taken for it."""
        return self.state is BillState.CLOSED and self.paid_minor > 0

    def after(self, amount_minor: int) -> "Bill":
        """The bill once a payment of ``amount_minor`` is on it; what is booked of it aside."""
        return replace(self, paid_minor=self.paid_minor + amount_minor, sequence=self.sequence + 1)


@dataclass(frozen=True, slots=True)
class OrderNews:
    """What an order of a restaurant has come to cost."""

    restaurant_id: UUID
    bill: Bill


@dataclass(frozen=True, slots=True)
class Share:
    """One payment's part of a bill. ``parts`` sums up to its amount.

    gross - discount + service (+ VAT where prices exclude it) is the amount as well: the identity of the Z
    report.
    """

    parts: Mapping[Part, int]
    gross_minor: int
    discount_minor: int
    service_minor: int
    exempt_minor: int
    """The optional service charge in it, on which the platform takes nothing."""
    booked: Booked
    """The bill's figures after this payment."""
    void_minor: int
    covers: int
    """What was voided and who ate count once: with the bill's first payment."""
    comp_minor: int = 0
    """Its part of what was given on the house, which is in the discount. Each comp counts with the first
    payment after it."""
    comp_count: int = 0


def amount_to_pay(bill: Bill, wanted_minor: int | None) -> int:
    """What a payment of ``wanted_minor`` (None: the balance) takes.

    Raises BillClosed, BillPaid, AmountAboveBalance.
    """
    refuse_closed(bill)
    due = bill.due_minor
    if wanted_minor is None and due == 0:
        raise BillPaid("Nothing is left to pay.")
    if wanted_minor is not None and wanted_minor > due:
        raise AmountAboveBalance(
            f"{due} is due, {wanted_minor} is more. A tip and what is tendered have fields of their own.",
            metadata={"due_minor": str(due), "amount_minor": str(wanted_minor)},
        )
    return due if wanted_minor is None else wanted_minor


def refuse_closed(bill: Bill) -> None:
    """Raises BillClosed."""
    if bill.state is BillState.CLOSED:
        raise BillClosed("The order was cancelled; its bill takes no money.")


def newest_of_each(news: Iterable[OrderNews]) -> list[OrderNews]:
    """One of each order, sorted by restaurant and order: whoever locks bills in this order waits for nobody
    who waits for them.
    """
    newest: dict[tuple[UUID, UUID], OrderNews] = {}
    for one in news:
        key = (one.restaurant_id, one.bill.order_id)
        if key not in newest or newest[key].bill.order_version < one.bill.order_version:
            newest[key] = one
    return [newest[key] for key in sorted(newest)]


def check_closable(bill: Bill) -> None:
    """Raises BillHasMoney once anything is paid."""
    if bill.paid_minor > 0:
        raise BillHasMoney(
            "Money was taken for this order: refund it first.", metadata={"paid_minor": str(bill.paid_minor)}
        )


def parts_of(charges: Charges) -> dict[Part, int]:
    """The whole bill by ledger account and VAT rate; the values sum up to the total.

    Raises BillInconsistent.
    """
    vat_total = sum(group.vat_minor for group in charges.vat)
    optional = charges.mode is BillMode.INCLUSIVE_OPTIONAL
    net = charges.total_minor - vat_total - (charges.service_minor if optional else 0)
    amounts = (net, charges.service_minor, charges.discount_minor, charges.void_minor)
    if min(amounts, default=0) < 0 or any(min(g.gross_minor, g.vat_minor) < 0 for g in charges.vat):
        raise BillInconsistent("The order's figures do not add up to its total.")
    groups = charges.vat or (VatGroup(0, charges.total_minor, 0),)
    nets = _nets(groups, net)
    parts: dict[Part, int] = {}
    service = [0] * len(groups) if optional else _taxed_service(charges, nets, vat_total)
    for group, net_minor, service_minor in zip(groups, nets, service, strict=True):
        parts[SALES, group.rate_bp] = net_minor - service_minor
        parts[VAT_PAYABLE, group.rate_bp] = group.vat_minor
        if not optional:
            parts[SERVICE_CHARGE, group.rate_bp] = service_minor
    if optional:
        parts[SERVICE_CHARGE, None] = charges.service_minor
    return parts


def share_of(bill: Bill, amount_minor: int) -> Share:
    """What a payment of ``amount_minor`` (at most the balance) takes of each part of the bill."""
    charges, before = bill.charges, bill.booked
    after = bill.paid_minor + amount_minor
    if not 0 < amount_minor <= bill.due_minor:
        raise ValueError("a payment takes something and at most the balance")
    whole = parts_of(charges)
    taken = _cumulative(whole, before.parts, after, amount_minor, charges.total_minor)
    service = _taken_of(taken, SERVICE_CHARGE)
    if charges.mode is BillMode.INCLUSIVE_COMPULSORY:
        service = _figure(charges.service_minor, before.service_minor, after, charges.total_minor)
    discount = _figure(charges.discount_minor, before.discount_minor, after, charges.total_minor)
    comp = _figure(charges.comp_minor, before.comp_minor, after, charges.total_minor)
    comps = max(0, charges.comp_count - before.comp_count)
    on_top = _taken_of(taken, VAT_PAYABLE) if charges.mode is BillMode.EXCLUSIVE_LEGACY else 0
    keys = {**whole, **before.parts}
    return Share(
        parts={part: minor for part, minor in taken.items() if minor},
        gross_minor=amount_minor - service + discount - on_top,
        discount_minor=discount,
        service_minor=service,
        exempt_minor=max(0, taken.get((SERVICE_CHARGE, None), 0)),
        booked=Booked(
            parts={part: before.parts.get(part, 0) + taken.get(part, 0) for part in keys},
            service_minor=before.service_minor + service,
            discount_minor=before.discount_minor + discount,
            comp_minor=before.comp_minor + comp,
            comp_count=before.comp_count + comps,
        ),
        void_minor=0 if bill.sequence else charges.void_minor,
        covers=0 if bill.sequence else bill.covers,
        comp_minor=comp,
        comp_count=comps,
    )


def _nets(groups: tuple[VatGroup, ...], net_minor: int) -> list[int]:
    """Net sales of each group.

    Groups state gross with or without VAT, as the mode has it; both add up exactly.
    """
    without_vat = [group.gross_minor - group.vat_minor for group in groups]
    if sum(without_vat) == net_minor and min(without_vat) >= 0:
        return without_vat
    weights = [group.gross_minor for group in groups]
    return largest_remainder(net_minor, weights if sum(weights) else [1] * len(groups))


def _taxed_service(charges: Charges, nets: list[int], vat_minor: int) -> list[int]:
    """The service charge without VAT, spread over the rates that it follows."""
    net = sum(nets)
    service = charges.service_minor
    if charges.mode is BillMode.INCLUSIVE_COMPULSORY and service:
        service = divide_half_up(service * net, net + vat_minor)
    if service > net:
        raise BillInconsistent("The service charge is more than the bill.")
    return largest_remainder(service, nets) if net else [0] * len(nets)


def _cumulative(
    whole: Mapping[Part, int], booked: Mapping[Part, int], after: int, amount: int, total: int
) -> dict[Part, int]:
    parts = list({**whole, **booked})
    if after == total:
        return {part: whole.get(part, 0) - booked.get(part, 0) for part in parts}
    targets = largest_remainder(after, [whole.get(part, 0) for part in parts])
    steps = [target - booked.get(part, 0) for part, target in zip(parts, targets, strict=True)]
    if min(steps) < 0:
        # Rounding, or a bill that has changed since, would take something back: the other parts wait instead.
        steps = largest_remainder(amount, [max(0, step) for step in steps])
    return dict(zip(parts, steps, strict=True))


def _figure(whole: int, booked: int, after: int, total: int) -> int:
    if after == total:
        return whole - booked
    return max(0, divide_half_up(after * whole, total) - booked)


def _taken_of(taken: Mapping[Part, int], account: str) -> int:
    return sum(minor for (name, _), minor in taken.items() if name == account)
