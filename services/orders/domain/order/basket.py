"""From what a guest wants to what is sold: names, prices and rates are taken from one menu version."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.orders.domain.errors import ItemUnavailable, LineRefused, MenuOutdated
from services.orders.domain.menu import Item, Menu, Option, OrderType
from services.orders.domain.order.bill import billed
from services.orders.domain.order.order import ChosenOption, Discount, Line, Order, Totals
from services.orders.domain.promotion import Promotion, with_promotions
from services.orders.pricing import Bill, BillMode


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
    """How this restaurant sells at this moment. ``local`` is the present in its time zone; ``promotions``
    those whose time it is.
    """

    currency_code: str
    bill_mode: BillMode
    service_charge_bp: int
    local: datetime
    business_date: date
    promotions: tuple[Promotion, ...] = ()

    def charge_bp(self, order_type: OrderType) -> int:
        """The service charge: guests who eat in are served."""
        return self.service_charge_bp if order_type is OrderType.EAT_IN else 0


@dataclass(frozen=True, slots=True)
class Basket:
    """Priced lines, what is taken off them, and their bill; under which terms, from which version of the
    menu.
    """

    lines: tuple[Line, ...]
    discounts: tuple[Discount, ...]
    bill: Bill
    totals: Totals
    service_charge_bp: int
    terms: Terms
    menu_version: int


def price_basket(
    lines: Sequence[WantedLine],
    order_type: OrderType,
    shown_menu_version: int,
    menu: Menu,
    terms: Terms,
    given: Sequence[Discount] = (),
) -> Basket:
    """The lines as they are sold now, less promotions and what people have ``given``, and the bill.

    Raises ItemUnavailable and MenuOutdated (409), LineRefused (422: UNKNOWN_ITEM, UNKNOWN_OPTION,
    OPTION_COUNT, NO_VAT_RATE, NEGATIVE_PRICE, DUPLICATE_LINE).
    """
    if len({line.id for line in lines}) != len(lines):
        raise LineRefused("DUPLICATE_LINE", "lines", "Two lines have the same id.")
    sold = tuple(
        _sell(f"lines[{index}]", line, order_type, shown_menu_version, menu, terms)
        for index, line in enumerate(lines)
    )
    discounts = with_promotions(given, sold, terms.promotions, terms.local)
    charge_bp = terms.charge_bp(order_type)
    priced = billed(sold, discounts, terms.bill_mode, charge_bp)
    return Basket(priced.lines, priced.discounts, priced.bill, priced.totals, charge_bp, terms, menu.version)


def price_lines(
    lines: Iterable[tuple[int, WantedLine]],
    order_type: OrderType,
    shown_menu_version: int,
    menu: Menu,
    terms: Terms,
) -> tuple[Line, ...]:
    """Lines as they are sold now, to be added to an order, each with its place in the request: what is taken
    off and their VAT are the order's bill's. Raises as price_basket.
    """
    return tuple(
        _sell(f"lines[{index}]", wanted, order_type, shown_menu_version, menu, terms)
        for index, wanted in lines
    )


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
) -> Line:
    """The line, without what is taken off it and its VAT."""
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
        gross_minor=unit_minor * wanted.quantity,
        discount_minor=0,
        vat_rate_bp=rate,
        vat_minor=0,
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
