"""From what a guest wants to what is sold: names, prices and rates are taken from one menu version."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from chassis.ids import derived_id
from services.orders.domain.errors import ItemUnavailable, LineRefused, MenuOutdated
from services.orders.domain.menu import Item, Menu, OrderType
from services.orders.domain.order.choosing import WantedOption, choose
from services.orders.domain.order.configured import Configured, configure
from services.orders.domain.order.order import Line, Order, Portion, StockUse, Totals
from services.orders.pricing import Bill, BillMode, LineToPrice, PartToPrice, bill


@dataclass(frozen=True, slots=True)
class WantedLine:
    """A line as the client asks for it."""

    id: UUID
    item_id: UUID
    quantity: int
    options: tuple[WantedOption, ...] = ()
    note: str = ""
    seat: int = 0
    course: str = ""
    hold: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """How this restaurant sells at this moment. ``local`` is the present in its time zone."""

    currency_code: str
    bill_mode: BillMode
    service_charge_bp: int
    local: datetime
    business_date: date


@dataclass(frozen=True, slots=True)
class Basket:
    """Priced lines and their bill; under which terms, from which version of the menu."""

    lines: tuple[Line, ...]
    bill: Bill
    terms: Terms
    menu_version: int

    @property
    def totals(self) -> Totals:
        """Nothing is paid yet."""
        return Totals(
            goods_minor=self.bill.goods_minor,
            discount_minor=self.bill.discount_minor,
            service_charge_minor=self.bill.service_charge_minor,
            vat_minor=self.bill.vat_minor,
            total_minor=self.bill.total_minor,
        )


def price_basket(
    lines: Sequence[WantedLine], order_type: OrderType, shown_menu_version: int, menu: Menu, terms: Terms
) -> Basket:
    """The lines as they are sold now, and the bill.

    Raises ItemUnavailable and MenuOutdated (409), LineRefused (422: UNKNOWN_ITEM, UNKNOWN_OPTION,
    OPTION_COUNT, NO_VAT_RATE, NEGATIVE_PRICE, DUPLICATE_LINE).
    """
    if len({line.id for line in lines}) != len(lines):
        raise LineRefused("DUPLICATE_LINE", "lines", "Two lines have the same id.")
    sold = [
        _sell(f"lines[{index}]", line, order_type, shown_menu_version, menu, terms)
        for index, line in enumerate(lines)
    ]
    charge_bp = terms.service_charge_bp if order_type is OrderType.EAT_IN else 0
    prices = [_to_price(unit, line.quantity) for line, (_, unit) in zip(lines, sold, strict=True)]
    computed = bill(prices, terms.bill_mode, charge_bp)
    priced = tuple(
        _line(wanted, *parts, vat, part_vat)
        for wanted, parts, vat, part_vat in zip(
            lines, sold, computed.line_vat_minor, computed.part_vat_minor, strict=True
        )
    )
    return Basket(priced, computed, terms, menu.version)


def wanted_again(order: Order) -> tuple[WantedLine, ...]:
    """What a stored draft asked for, to be priced anew."""
    return tuple(
        WantedLine(
            id=line.id,
            item_id=line.item_id,
            quantity=line.quantity,
            options=tuple(WantedOption(option.option_id, option.quantity) for option in line.options),
            note=line.note,
            seat=line.seat,
            course=line.course,
            hold=line.hold,
        )
        for line in order.lines
    )


def _sell(
    path: str, wanted: WantedLine, order_type: OrderType, shown_menu_version: int, menu: Menu, terms: Terms
) -> tuple[Item, Configured]:
    item = menu.items.get(wanted.item_id)
    if item is None:
        raise LineRefused("UNKNOWN_ITEM", f"{path}.item_id", f"No item {wanted.item_id} is on the menu.")
    _check_sold_now(item, shown_menu_version, menu, terms)
    picked = choose(path, item, wanted.options)
    for pick in picked:
        component = menu.items.get(pick.option.item_id) if pick.option.item_id is not None else None
        if component is not None:
            _check_sold_now(component, shown_menu_version, menu, terms)

    def rate_of(vat_class: str) -> int:
        rate = menu.vat_rate_bp(vat_class, order_type, terms.local.date())
        if rate is None:
            detail = f"{item.name} has no VAT rate in force today."
            raise LineRefused("NO_VAT_RATE", f"{path}.item_id", detail)
        return rate

    return item, configure(path, item, picked, menu.items, rate_of)


def _to_price(unit: Configured, quantity: int) -> LineToPrice:
    if not unit.parts:
        return LineToPrice(unit.unit_minor, quantity, unit.vat_rate_bp)
    parts = tuple(PartToPrice(part.unit_minor * quantity, part.vat_rate_bp) for part in unit.parts)
    return LineToPrice(unit.unit_minor, quantity, unit.vat_rate_bp, parts=parts)


def _check_sold_now(item: Item, shown_menu_version: int, menu: Menu, terms: Terms) -> None:
    if not item.on_sale(terms.local):
        raise ItemUnavailable(f"{item.name} is not on sale now.", metadata={"item_id": str(item.id)})
    if 0 < shown_menu_version < item.version:
        raise MenuOutdated(
            f"{item.name} has changed since menu version {shown_menu_version}.",
            metadata={"item_id": str(item.id), "menu_version": str(menu.version)},
        )


def _line(
    wanted: WantedLine, item: Item, unit: Configured, vat_minor: int, part_vat_minor: Sequence[int]
) -> Line:
    return Line(
        id=wanted.id,
        item_id=item.id,
        category_id=item.category_id,
        name=item.name,
        quantity=wanted.quantity,
        unit_price_minor=item.price_minor,
        options=unit.options,
        note=wanted.note,
        seat=wanted.seat,
        course=wanted.course,
        hold=wanted.hold,
        gross_minor=unit.unit_minor * wanted.quantity,
        discount_minor=0,
        vat_rate_bp=unit.vat_rate_bp,
        vat_minor=vat_minor,
        allergens=unit.allergens,
        stock_tracked=item.stock_tracked,
        may_contain=unit.may_contain,
        portions=()
        if not unit.parts
        else tuple(
            Portion(part.name, part.vat_rate_bp, part.unit_minor * wanted.quantity, vat)
            for part, vat in zip(unit.parts, part_vat_minor, strict=True)
        ),
        stock_uses=()
        if not unit.stock
        else tuple(
            StockUse(derived_id(wanted.id, item_id), item_id, count) for item_id, count in unit.stock.items()
        ),
    )
