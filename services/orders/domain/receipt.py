"""What a bill or a receipt says. Pure; every form of it is made of the one ``Paper``.

Sources: HMRC Notice 700, 16.6 and COG941025 (what a simplified invoice holds, and up to which amount one
does), VAT Notice 709/1 (an optional service charge is outside the scope of VAT).
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.money import BASIS_POINTS_IN_ONE, minor_digits
from services.orders.domain.menu import OrderType
from services.orders.domain.order.axes import Lifecycle
from services.orders.domain.order.order import Line, Order
from services.orders.domain.paper.rows import Face, Paper, Row, middle, paper
from services.orders.domain.paper_errors import NothingToPrint
from services.orders.domain.restaurant import RestaurantCopy
from services.orders.pricing import BillMode, VatGroup

SIMPLIFIED_MAX_MINOR = {"GBP": 25_000}
"""Up to so much a receipt is a simplified VAT invoice, by currency."""
SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$"}
ORDER_TYPES = {OrderType.EAT_IN: "Eat in", OrderType.TAKEAWAY: "Takeaway", OrderType.DELIVERY: "Delivery"}
METHODS = {
    "open_banking": "Bank payment",
    "card": "Card",
    "apple_pay": "Apple Pay",
    "sumup": "Card",
    "cash": "Cash",
}
WHOLE = (1, 1)


class ReceiptKind(StrEnum):
    """What it is."""

    BILL = "bill"
    """Money is due."""
    RECEIPT = "receipt"
    """Nothing is."""


class Mark(StrEnum):
    """Which one of its kind it is."""

    ORIGINAL = "original"
    COPY = "copy"
    PREVIEW = "preview"


@dataclass(frozen=True, slots=True)
class Tender:
    """Money that was given for the order, as payments told of it. Minor units; ``at``: when it was booked."""

    method: str
    amount_minor: int
    at: datetime
    tip_minor: int = 0
    tendered_minor: int = 0
    change_minor: int = 0
    check_id: UUID | None = None
    """Of an order that was split; None also where somebody paid what was open."""


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """What was sold: ``share`` of it (numerator, denominator) is on this paper."""

    name: str
    quantity: int
    options: tuple[str, ...]
    gross_minor: int
    discount_minor: int
    allergens: tuple[int, ...]
    share: tuple[int, int] = WHOLE


@dataclass(frozen=True, slots=True)
class Sums:
    """Minor units. ``total`` is goods, service charge and, where prices exclude it, VAT."""

    goods_minor: int
    discount_minor: int
    service_charge_minor: int
    vat: tuple[VatGroup, ...]
    vat_minor: int
    total_minor: int
    paid_minor: int
    due_minor: int


@dataclass(frozen=True, slots=True)
class OnCheck:
    """The check that a paper is of, and its place among those of the order. ``of_goods_minor``: what all
    goods of the order cost, where it is a part of everything; then its lines say no amounts."""

    id: UUID
    name: str
    place: int
    of_goods_minor: int | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """All that the paper says; ``at`` in the restaurant's time zone."""

    kind: ReceiptKind
    restaurant: RestaurantCopy
    at: datetime
    number: int
    order_type: OrderType
    table: str
    covers: int
    currency_code: str
    bill_mode: BillMode
    lines: tuple[ReceiptLine, ...]
    sums: Sums
    tenders: tuple[Tender, ...]
    check: OnCheck | None = None
    """None: of the whole order."""

    @property
    def document(self) -> str:
        """What tells it from others of its order: the receipt, or a bill that says just this."""
        of_check = () if self.check is None else (str(self.check.id),)
        if self.kind is ReceiptKind.RECEIPT:
            return ":".join((self.kind.value, *of_check))
        said = repr((self.lines, self.sums, *of_check)).encode()
        return f"{self.kind.value}:{hashlib.sha256(said).hexdigest()[:32]}"

    @property
    def name(self) -> str:
        """What a file of it is called, in ASCII and without a suffix."""
        of_check = "" if self.check is None else f"-check-{self.check.place}"
        return f"{self.kind.value}-{self.at:%Y-%m-%d}-{self.number}{of_check}"


def receipt_of(order: Order, restaurant: RestaurantCopy, tenders: Iterable[Tender]) -> Receipt:
    """The bill or the receipt of an order as it is now. Raises NothingToPrint for drafts and what is
    cancelled."""
    if order.placed_at is None or order.lifecycle in {Lifecycle.CANCELLED, Lifecycle.MERGED}:
        raise NothingToPrint("Only an order that is placed and not cancelled has a bill.")
    given, totals = tuple(tenders), order.totals
    is_paid = totals.due_minor == 0
    at = max((tender.at for tender in given), default=order.placed_at) if is_paid else order.placed_at
    return Receipt(
        kind=ReceiptKind.RECEIPT if is_paid else ReceiptKind.BILL,
        restaurant=restaurant,
        at=at.astimezone(ZoneInfo(restaurant.time_zone)),
        number=order.number,
        order_type=order.order_type,
        table=order.table_name,
        covers=order.covers,
        currency_code=order.currency_code,
        bill_mode=order.bill_mode,
        lines=tuple(line_on_paper(line) for line in order.lines if not line.voided),
        sums=Sums(
            goods_minor=totals.goods_minor,
            discount_minor=totals.discount_minor,
            service_charge_minor=totals.service_charge_minor,
            vat=order.vat,
            vat_minor=totals.vat_minor,
            total_minor=totals.total_minor,
            paid_minor=totals.paid_minor,
            due_minor=totals.due_minor,
        ),
        tenders=given,
    )


def receipt_paper(receipt: Receipt, mark: Mark, allergens: Mapping[int, str] | None = None) -> Paper:
    """The paper of it, whatever it is told on; ``allergens`` are the names of those that it is to tell."""
    title = "Bill" if receipt.kind is ReceiptKind.BILL else "Receipt"
    return paper(
        f"{title} {receipt.number}",
        seller_rows(receipt.restaurant),
        [*_mark_rows(mark), *_head_rows(receipt, title)],
        [row for line in receipt.lines for row in _line_rows(line, receipt, allergens or {})],
        _sum_rows(receipt),
        _paid_rows(receipt),
        vat_rows(receipt.sums.vat, receipt.currency_code),
        _foot_rows(receipt, mark),
    )


def seller_rows(restaurant: RestaurantCopy) -> list[Row]:
    """Who sold it: name, address, VAT number."""
    rows = [*middle(restaurant.name, Face.BOLD), *middle(restaurant.address)]
    return rows + (middle(f"VAT {restaurant.vat_number}") if restaurant.vat_number else [])


def vat_rows(groups: Iterable[VatGroup], currency_code: str) -> list[Row]:
    """The gross amount of each rate and the VAT in it."""
    return [
        Row(
            f"VAT {rate(group.rate_bp)} in {amount(group.gross_minor, currency_code)}",
            amount(group.vat_minor, currency_code),
        )
        for group in groups
    ]


def amount(minor: int, currency_code: str) -> str:
    """In major units, without the currency: ``-12.50``."""
    digits = minor_digits(currency_code)
    whole, rest = divmod(abs(minor), 10**digits)
    return f"{'-' if minor < 0 else ''}{whole}" + (f".{rest:0{digits}}" if digits else "")


def price(minor: int, currency_code: str) -> str:
    """With the currency: ``£12.50``, ``12.50 CHF``."""
    symbol = SYMBOLS.get(currency_code)
    if symbol is None:
        return f"{amount(minor, currency_code)} {currency_code}"
    return f"{'-' if minor < 0 else ''}{symbol}{amount(abs(minor), currency_code)}"


def rate(basis_points: int) -> str:
    """``20%``, ``12.5%``."""
    whole, rest = divmod(basis_points, BASIS_POINTS_IN_ONE // 100)
    return f"{whole}.{rest:02}".rstrip("0") + "%" if rest else f"{whole}%"


def line_on_paper(line: Line) -> ReceiptLine:
    """All of it."""
    options = tuple(
        f"{option.quantity} x {option.name}" if option.quantity > 1 else option.name
        for option in line.options
    )
    return ReceiptLine(
        line.name, line.quantity, options, line.gross_minor, line.discount_minor, line.allergens
    )


def _mark_rows(mark: Mark) -> list[Row]:
    return [] if mark is Mark.ORIGINAL else middle(mark.value.upper(), Face.BIG)


def _head_rows(receipt: Receipt, title: str) -> list[Row]:
    where = f"Table {receipt.table}" if receipt.table else ORDER_TYPES[receipt.order_type]
    guests = f"{receipt.covers} covers" if receipt.covers > 1 else "1 cover" if receipt.covers else ""
    return [
        Row(f"{title} {receipt.number}", receipt.at.strftime("%d %b %Y %H:%M"), Face.BOLD),
        Row(where, guests),
        *([] if receipt.check is None else [Row(receipt.check.name, face=Face.BOLD)]),
    ]


def _line_rows(line: ReceiptLine, receipt: Receipt, allergens: Mapping[int, str]) -> list[Row]:
    is_part = receipt.check is not None and receipt.check.of_goods_minor is not None
    much = f"{line.quantity} x"
    if line.share != WHOLE:
        share = f"{line.share[0]}/{line.share[1]}"
        much = f"{share} x" if line.quantity == 1 else f"{share} of {much}"
    cost = "" if is_part else amount(line.gross_minor, receipt.currency_code)
    rows = [Row(f"{much} {line.name}", cost)]
    rows += [Row(f"+ {option}", indent=2) for option in line.options]
    if line.discount_minor and not is_part:
        rows.append(Row("Discount", amount(-line.discount_minor, receipt.currency_code), indent=2))
    names = ", ".join(allergens[number] for number in line.allergens if number in allergens)
    if names:
        rows.append(Row(f"contains {names}", indent=2))
    return rows


def _sum_rows(receipt: Receipt) -> list[Row]:
    sums, currency, mode = receipt.sums, receipt.currency_code, receipt.bill_mode
    rows = []
    if receipt.check is not None and receipt.check.of_goods_minor is not None:
        whole = amount(receipt.check.of_goods_minor, currency)
        rows.append(Row(f"Your part of {whole}", amount(sums.goods_minor, currency)))
    elif sums.service_charge_minor or mode is BillMode.EXCLUSIVE_LEGACY:
        rows.append(Row("Subtotal", amount(sums.goods_minor, currency)))
    if sums.service_charge_minor:
        optional = mode is BillMode.INCLUSIVE_OPTIONAL
        words = "Service charge, optional" if optional else "Service charge, compulsory"
        rows.append(Row(words, amount(sums.service_charge_minor, currency)))
    if mode is BillMode.EXCLUSIVE_LEGACY:
        rows.append(Row("VAT", amount(sums.vat_minor, currency)))
    rows.append(Row("TOTAL", price(sums.total_minor, currency), Face.BIG))
    if sums.discount_minor:
        rows.append(Row("You saved", amount(sums.discount_minor, currency)))
    return rows


def _paid_rows(receipt: Receipt) -> list[Row]:
    rows = [row for tender in receipt.tenders for row in _tender_rows(tender, receipt.currency_code)]
    if receipt.check is None or receipt.kind is ReceiptKind.BILL:
        return rows
    # With other checks, or before the order was split as it is now.
    others = receipt.sums.paid_minor - sum(tender.amount_minor for tender in receipt.tenders)
    return [*rows, Row("Paid", amount(others, receipt.currency_code))] if others > 0 else rows


def _tender_rows(tender: Tender, currency: str) -> list[Row]:
    given = tender.tendered_minor or tender.amount_minor + tender.tip_minor
    rows = [Row(METHODS.get(tender.method, tender.method), amount(given, currency))]
    if tender.tip_minor:
        rows.append(Row("of which tip", amount(tender.tip_minor, currency), indent=2))
    if tender.change_minor:
        rows.append(Row("Change", amount(tender.change_minor, currency), indent=2))
    return rows


def _foot_rows(receipt: Receipt, mark: Mark) -> Sequence[Row]:
    sums, currency = receipt.sums, receipt.currency_code
    if receipt.kind is ReceiptKind.BILL:
        paid = [Row("Paid", amount(sums.paid_minor, currency))] if sums.paid_minor else []
        due = Row("To pay", price(sums.due_minor, currency), Face.BOLD)
        return [*paid, due, *middle("This is not a receipt")]
    if mark is Mark.PREVIEW:
        return middle("This is not a receipt")
    most = SIMPLIFIED_MAX_MINOR.get(currency)
    if not receipt.restaurant.vat_number or most is None:
        return []
    if sums.total_minor <= most:
        return middle("Simplified VAT invoice")
    return middle(f"Over {price(most, currency)}: for VAT a full invoice is needed. Please ask for one.")
