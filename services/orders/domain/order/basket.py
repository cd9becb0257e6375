"""From what a guest wants to what is sold: names, prices and rates are taken from one menu version."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from uuid import UUID

from chassis.ids import derived_id
from services.orders.domain.discount import Discount
from services.orders.domain.errors import ItemUnavailable, LineRefused, MenuOutdated
from services.orders.domain.menu import Item, Menu, OrderType, VatRate
from services.orders.domain.order.bill import billed
from services.orders.domain.order.choosing import Picked, WantedOption, choose
from services.orders.domain.order.configured import Configured, configure
from services.orders.domain.order.order import Line, Order, Portion, StockUse, Totals
from services.orders.domain.order.promise import NO_TIMING, Timing
from services.orders.domain.order.rates import Rates
from services.orders.domain.override import SaleOverride
from services.orders.domain.promotion import Promotion, with_promotions
from services.orders.pricing import Bill, BillMode


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
    override_reason: str = ""
    """Why it is sold although it is not on sale; only for that."""


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
            override_reason=line.override.reason if line.override is not None else "",
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
    anyway = bool(wanted.override_reason)
    off = _is_off(item, shown_menu_version, menu, terms, anyway=anyway)
    picked = choose(path, item, wanted.options, anyway=anyway)
    for pick in picked:
        component = menu.items.get(pick.option.item_id) if pick.option.item_id is not None else None
        if component is not None:
            off |= _is_off(component, shown_menu_version, menu, terms, anyway=anyway)
        off |= not pick.option.available

    rates = _Rates(path, item, menu, terms.local.date())
    eaten_in = order_type is OrderType.EAT_IN
    here, there = (rates.eat_in, rates.takeaway) if eaten_in else (rates.takeaway, rates.eat_in)
    unit = configure(path, item, picked, menu.items, here)
    portions = _portions(wanted, unit)
    if not picked:
        # As most are: there is nothing but its own rate.
        elsewhere = Rates(there(item.vat_class))
    elif rates.differ:
        other = configure(path, item, picked, menu.items, there)
        elsewhere = Rates(other.vat_rate_bp, _portions(wanted, other))
    else:
        elsewhere = Rates(unit.vat_rate_bp, portions)
    made = _line(wanted, item, unit, portions, elsewhere, _preparation_minutes(item, picked, menu))
    return replace(made, override=SaleOverride(wanted.override_reason)) if off else made


class _Rates:
    """The rates of what a line is made of. ``differ``: some of it has another one elsewhere."""

    __slots__ = ("_day", "_item", "_known", "_menu", "_path", "differ")

    def __init__(self, path: str, item: Item, menu: Menu, day: date) -> None:
        self._path, self._item, self._menu, self._day = path, item, menu, day
        self._known: dict[str, VatRate] = {}
        self.differ = False

    def eat_in(self, vat_class: str) -> int:
        """Raises LineRefused (NO_VAT_RATE), as the other."""
        return self._of(vat_class).eat_in_bp

    def takeaway(self, vat_class: str) -> int:
        """Of delivery too."""
        return self._of(vat_class).takeaway_bp

    def _of(self, vat_class: str) -> VatRate:
        known = self._known.get(vat_class)
        if known is not None:
            return known
        rate = self._menu.vat_rate(vat_class, self._day)
        if rate is None:
            detail = f"{self._item.name} has no VAT rate in force today."
            raise LineRefused("NO_VAT_RATE", f"{self._path}.item_id", detail)
        self._known[vat_class] = rate
        self.differ = self.differ or rate.eat_in_bp != rate.takeaway_bp
        return rate


def _preparation_minutes(item: Item, picked: Sequence[Picked], menu: Menu) -> int:
    """The longest of what it is made of."""
    if not picked:
        return item.preparation_minutes
    components = (menu.items.get(pick.option.item_id) for pick in picked if pick.option.item_id is not None)
    return max([item.preparation_minutes, *(one.preparation_minutes for one in components if one)])


def _is_off(item: Item, shown_menu_version: int, menu: Menu, terms: Terms, *, anyway: bool) -> bool:
    """Whether it is not on sale now, which is refused unless it is sold ``anyway``.

    Raises ItemUnavailable, MenuOutdated.
    """
    off = not menu.on_sale(item, terms.local)
    if off and not anyway:
        raise _not_on_sale(item, menu, terms.local)
    if 0 < shown_menu_version < item.version:
        raise MenuOutdated(
            f"{item.name} has changed since menu version {shown_menu_version}.",
            metadata={"item_id": str(item.id), "menu_version": str(menu.version)},
        )
    return off


def _not_on_sale(item: Item, menu: Menu, local: datetime) -> ItemUnavailable:
    """Names the item, and says until when, where anybody knows."""
    back, facts = menu.back_at(item, local), {"item_id": str(item.id)}
    if back is None:
        return ItemUnavailable(f"{item.name} is not on sale now.", metadata=facts)
    facts["available_at"] = back.astimezone(UTC).isoformat()
    day = "" if back.date() == local.date() else f" on {back:%A}, {back.day} {back:%B}"
    return ItemUnavailable(f"{item.name} is not on sale now. It is from {back:%H:%M}{day}.", metadata=facts)


def _line(
    wanted: WantedLine,
    item: Item,
    unit: Configured,
    portions: tuple[Portion, ...],
    elsewhere: Rates,
    preparation_minutes: int,
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
        vat_minor=0,
        allergens=unit.allergens,
        stock_tracked=item.stock_tracked,
        may_contain=unit.may_contain,
        portions=portions,
        stock_uses=()
        if not unit.stock
        else tuple(
            StockUse(derived_id(wanted.id, item_id), item_id, count) for item_id, count in unit.stock.items()
        ),
        elsewhere=elsewhere,
        timing=Timing(preparation_minutes) if preparation_minutes else NO_TIMING,
    )


def _portions(wanted: WantedLine, unit: Configured) -> tuple[Portion, ...]:
    if not unit.parts:
        return ()
    return tuple(
        Portion(part.name, part.vat_rate_bp, part.unit_minor * wanted.quantity, 0) for part in unit.parts
    )
