"""From what a guest wants to what is sold: names, prices and rates are taken from one menu version."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.orders.domain.errors import ItemUnavailable, LineRefused, MenuOutdated
from services.orders.domain.menu import Item, Menu, Option, OrderType
from services.orders.domain.order.order import ChosenOption, Line, Order, Totals
from services.orders.pricing import Bill, BillMode, LineToPrice, bill


@dataclass(frozen=True, slots=True)
class WantedOption:
    """An option and how many of it per unit of the line."""

    option_id: UUID
    quantity: int


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
        return totals_of(self.bill)


def totals_of(computed: Bill, paid_minor: int = 0) -> Totals:
    """The totals of a bill of which ``paid_minor`` is paid."""
    return Totals(
        goods_minor=computed.goods_minor,
        discount_minor=computed.discount_minor,
        service_charge_minor=computed.service_charge_minor,
        vat_minor=computed.vat_minor,
        total_minor=computed.total_minor,
        paid_minor=paid_minor,
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
    charge_bp = service_charge_bp(terms, order_type)
    computed = bill([to_price for _, _, to_price in sold], terms.bill_mode, charge_bp)
    priced = tuple(
        _line(wanted, *parts, vat)
        for wanted, parts, vat in zip(lines, sold, computed.line_vat_minor, strict=True)
    )
    return Basket(priced, computed, terms, menu.version)


def price_lines(
    lines: Iterable[tuple[int, WantedLine]],
    order_type: OrderType,
    shown_menu_version: int,
    menu: Menu,
    terms: Terms,
) -> tuple[Line, ...]:
    """Lines as they are sold now, to be added to an order, each with its place in the request: their VAT is
    that of the order's bill. Raises as price_basket.
    """
    sold = [
        (wanted, *_sell(f"lines[{index}]", wanted, order_type, shown_menu_version, menu, terms))
        for index, wanted in lines
    ]
    return tuple(_line(wanted, item, options, price, 0) for wanted, item, options, price in sold)


def service_charge_bp(terms: Terms, order_type: OrderType) -> int:
    """Basis points of the goods; eat-in alone has a service charge."""
    return terms.service_charge_bp if order_type is OrderType.EAT_IN else 0


def wanted_again(order: Order) -> tuple[WantedLine, ...]:
    """What a stored draft asks for, to be priced anew."""
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
        if not line.voided
    )


def _sell(
    path: str, wanted: WantedLine, order_type: OrderType, shown_menu_version: int, menu: Menu, terms: Terms
) -> tuple[Item, tuple[ChosenOption, ...], LineToPrice]:
    item = menu.items.get(wanted.item_id)
    if item is None:
        raise LineRefused("UNKNOWN_ITEM", f"{path}.item_id", f"No item {wanted.item_id} is on the menu.")
    if not item.on_sale(terms.local):
        raise ItemUnavailable(f"{item.name} is not on sale now.", metadata={"item_id": str(item.id)})
    if 0 < shown_menu_version < item.version:
        raise MenuOutdated(
            f"{item.name} has changed since menu version {shown_menu_version}.",
            metadata={"item_id": str(item.id), "menu_version": str(menu.version)},
        )
    rate = menu.vat_rate_bp(item.vat_class, order_type, terms.local.date())
    if rate is None:
        raise LineRefused("NO_VAT_RATE", f"{path}.item_id", f"{item.name} has no VAT rate in force today.")
    options = _choose(path, item, wanted.options)
    unit_minor = item.price_minor + sum(option.price_delta_minor * option.quantity for option in options)
    if unit_minor < 0:
        raise LineRefused("NEGATIVE_PRICE", f"{path}.options", f"{item.name} would cost less than nothing.")
    return item, options, LineToPrice(unit_minor, wanted.quantity, rate)


def _line(
    wanted: WantedLine, item: Item, options: tuple[ChosenOption, ...], price: LineToPrice, vat_minor: int
) -> Line:
    return Line(
        id=wanted.id,
        item_id=item.id,
        category_id=item.category_id,
        name=item.name,
        quantity=wanted.quantity,
        unit_price_minor=item.price_minor,
        options=options,
        note=wanted.note,
        seat=wanted.seat,
        course=wanted.course,
        hold=wanted.hold,
        gross_minor=price.gross_minor,
        discount_minor=price.discount_minor,
        vat_rate_bp=price.vat_rate_bp,
        vat_minor=vat_minor,
        allergens=_allergens(item, options),
        stock_tracked=item.stock_tracked,
    )


def _choose(path: str, item: Item, wanted: Iterable[WantedOption]) -> tuple[ChosenOption, ...]:
    counts: dict[UUID, int] = {}
    for option in wanted:
        counts[option.option_id] = counts.get(option.option_id, 0) + option.quantity
    if not counts and not item.groups:
        return ()
    chosen: list[ChosenOption] = []
    for group in item.groups:
        picked = [(option, counts.pop(option.id)) for option in group.options if option.id in counts]
        total = sum(quantity for _, quantity in picked)
        if not group.min_choices <= total <= group.max_choices:
            limits = f"{group.min_choices} to {group.max_choices}"
            raise LineRefused(
                "OPTION_COUNT", f"{path}.options", f"{item.name}, {group.name}: choose {limits}, not {total}."
            )
        chosen.extend(_chosen(item, option, quantity) for option, quantity in picked)
    if counts:
        raise LineRefused(
            "UNKNOWN_OPTION", f"{path}.options", f"{item.name} has no option {next(iter(counts))}."
        )
    return tuple(chosen)


def _allergens(item: Item, chosen: Iterable[ChosenOption]) -> tuple[int, ...]:
    """Of the food as configured: the item's and those of its chosen options."""
    picked = {option.option_id for option in chosen}
    options = [option for group in item.groups for option in group.options if option.id in picked]
    return tuple(sorted({*item.allergens, *(number for option in options for number in option.allergens)}))


def _chosen(item: Item, option: Option, quantity: int) -> ChosenOption:
    if not option.available:
        raise ItemUnavailable(
            f"{item.name}: {option.name} is not on sale now.",
            metadata={"item_id": str(item.id), "option_id": str(option.id)},
        )
    return ChosenOption(option.id, option.name, quantity, option.price_delta_minor)
