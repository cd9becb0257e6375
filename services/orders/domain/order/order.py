"""The order and its three axes. What clients see as its state is derived from them."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from chassis.money import written
from services.orders.domain.actor import Actor as Actor
from services.orders.domain.check import Split
from services.orders.domain.discount import Discount, DiscountKind
from services.orders.domain.menu import OrderType
from services.orders.domain.moved import MergedInto, MergedOrder, MovedFrom, MovedTo
from services.orders.domain.order.axes import (
    COOKED_ON,
    ENDS,
    HANDED_OVER,
    STAGE,
    STAGES,
    Kitchen,
    Lifecycle,
    Payment,
    State,
)
from services.orders.domain.order.promise import NEVER_CHANGED_ORDER, NO_TIMING, OrderChanged, Promise, Timing
from services.orders.domain.order.rates import Portion as Portion
from services.orders.domain.order.rates import Rates
from services.orders.domain.override import SaleOverride
from services.orders.pricing import EXACT, BillMode, Rounding, VatGroup


class ServiceFlow(StrEnum):
    """When the guest pays: before the kitchen starts, or after the meal."""

    PAY_FIRST = "pay_first"
    PAY_LATER = "pay_later"


@dataclass(frozen=True, slots=True)
class ChosenOption:
    """A chosen option with its name and price (minor units per unit of the line) at the time of ordering.

    ``parent_option_id``: the option after which it was asked. A component of a combo has the item that it is
    and that one's category.
    """

    option_id: UUID
    name: str
    quantity: int
    price_delta_minor: int
    parent_option_id: UUID | None = None
    is_size: bool = False
    item_id: UUID | None = None
    category_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class StockUse:
    """What one unit of a line takes of another item's stock, which knows it as line ``id``."""

    id: UUID
    item_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class GuestAllergy:
    """What a guest must not eat: numbers of the contract, ascending, and the guest's own words."""

    allergens: tuple[int, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Remarks:
    """What an order says to the kitchen as a whole; every ticket of it repeats them."""

    guest_allergy: GuestAllergy | None = None
    note: str = ""


NO_REMARKS = Remarks()


@dataclass(frozen=True, slots=True)
class AtTable:
    """The table of an order, and what it was called when the order came to it."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class LineVoid:
    """Units that were taken off a line, and what they had cost before discounts. ``wasted``: the kitchen had
    them."""

    quantity: int
    gross_minor: int
    reason: str
    by: Actor
    approved_by: Actor | None
    at: datetime
    wasted: bool


@dataclass(frozen=True, slots=True)
class LineAdded:
    """With which version of its order a line came, and when."""

    version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class LineChanged:
    """In which version of its order each field of a line last changed; 0: never since the line came."""

    quantity: int = 0
    note: int = 0
    seat: int = 0
    course: int = 0


NEVER_CHANGED = LineChanged()


@dataclass(frozen=True, slots=True)
class Line:
    """One line with what it was sold as: names, prices and rates are a snapshot of the menu."""

    id: UUID
    item_id: UUID
    category_id: UUID
    name: str
    quantity: int
    unit_price_minor: int
    options: tuple[ChosenOption, ...]
    note: str
    seat: int
    course: str
    hold: bool
    gross_minor: int
    discount_minor: int
    vat_rate_bp: int
    vat_minor: int
    allergens: tuple[int, ...]
    kitchen: Kitchen = Kitchen.HELD
    voided: bool = False
    stock_tracked: bool = False
    may_contain: tuple[int, ...] = ()
    portions: tuple[Portion, ...] = ()
    """Of a combo, and where not all of it has one VAT rate."""
    stock_uses: tuple[StockUse, ...] = ()
    """Beside the units of the item itself."""
    voids: tuple[LineVoid, ...] = ()
    added: LineAdded | None = None
    """None: with the order itself."""
    changed: LineChanged = NEVER_CHANGED
    moved_to: MovedTo | None = None
    moved_from: MovedFrom | None = None
    override: SaleOverride | None = None
    elsewhere: Rates | None = None
    """None in lines that are older than it."""
    timing: Timing = NO_TIMING

    @property
    def unit_minor(self) -> int:
        """Of one unit with its options."""
        return self.unit_price_minor + sum(one.price_delta_minor * one.quantity for one in self.options)

    @property
    def fired(self) -> bool:
        """Whether the kitchen has it, or had it."""
        return self.kitchen is not Kitchen.HELD

    @property
    def takes_stock(self) -> bool:
        """Whether anything of it is counted."""
        return self.stock_tracked or bool(self.stock_uses)

    @property
    def active(self) -> bool:
        """Whether the kitchen still has to do with it."""
        return not self.voided and self.kitchen in STAGE

    @property
    def fires_at_once(self) -> bool:
        """Without a course or a time, and held by nobody: to the kitchen as soon as the flow allows it."""
        return self.waits and not self.hold and not self.course and self.timing.fire_at is None

    @property
    def waits(self) -> bool:
        """Whether the kitchen is still to get it."""
        return self.active and self.kitchen is Kitchen.HELD


@dataclass(frozen=True, slots=True)
class Totals:
    """Minor units; ``due`` is what is still to pay, never negative."""

    goods_minor: int
    discount_minor: int
    service_charge_minor: int
    vat_minor: int
    total_minor: int
    paid_minor: int = 0

    @property
    def due_minor(self) -> int:
        """What is still to pay."""
        return max(0, self.total_minor - self.paid_minor)


@dataclass(frozen=True, slots=True)
class Order:
    """An order as stored. Only the verbs of this package change it; each raises ``version`` by one."""

    id: UUID
    restaurant_id: UUID
    number: int
    lifecycle: Lifecycle
    service_flow: ServiceFlow
    order_type: OrderType
    covers: int
    currency_code: str
    business_date: date
    created_at: datetime
    updated_at: datetime
    version: int
    lines: tuple[Line, ...]
    vat: tuple[VatGroup, ...]
    totals: Totals
    bill_mode: BillMode
    menu_version: int
    placed_by: Actor
    content_hash: bytes
    history_rows: int = 0
    placed_at: datetime | None = None
    completed_at: datetime | None = None
    cancel_reason: str = ""
    remarks: Remarks = NO_REMARKS
    table: AtTable | None = None
    discounts: tuple[Discount, ...] = ()
    service_charge_bp: int | None = None
    """Of its goods; None for orders that are older than the field."""
    split: Split | None = None
    split_version: int = 0
    """With which version somebody last split it, or made it one bill again; 0: nobody ever did."""
    customer_id: UUID | None = None
    invoice_number: int = 0
    merged: tuple[MergedOrder, ...] = ()
    merged_into: MergedInto | None = None
    rounding: Rounding = EXACT
    promise: Promise | None = None
    """None: as soon as possible."""
    customer_name: str = ""
    changed: OrderChanged = NEVER_CHANGED_ORDER
    told: object = field(default=None, init=False, repr=False, compare=False)
    """What tells it, made once by whoever tells it first; another order, made of this one, has none yet."""

    @property
    def payment(self) -> Payment:
        """Paid when what was captured covers the total; a draft owes nothing yet, and an order of which
        nothing is left was not paid by that."""
        if self.placed_at is None or self.is_empty:
            return Payment.UNPAID
        if self.totals.paid_minor >= self.totals.total_minor:
            return Payment.PAID
        return Payment.PART_PAID if self.totals.paid_minor else Payment.UNPAID

    @property
    def is_empty(self) -> bool:
        """Whether every line of it was voided, and no money is on it."""
        totals = self.totals
        return not (totals.total_minor or totals.paid_minor) and all(line.voided for line in self.lines)

    @property
    def kitchen(self) -> Kitchen:
        """The least advanced active line; none where no line is active."""
        stages = [STAGE[line.kitchen] for line in self.lines if line.active]
        return STAGES[min(stages)] if stages else Kitchen.NONE

    @property
    def state(self) -> State:
        """The first of the rules that matches.

        A served line counts as handed over in both kitchen rules, else serving the first of two lines would
        move an order back from preparing.
        """
        if self.lifecycle in ENDS:
            return State(self.lifecycle.value)
        active = [line.kitchen for line in self.lines if line.active]
        if active and all(kitchen in HANDED_OVER for kitchen in active):
            return State.READY
        if any(kitchen in COOKED_ON for kitchen in active):
            return State.PREPARING
        if self.payment is Payment.PAID:
            return State.PAID
        return State.DRAFT if self.lifecycle is Lifecycle.DRAFT else State.VALIDATED

    @property
    def fired(self) -> bool:
        """Whether the kitchen got any of it."""
        return any(line.active and line.kitchen is not Kitchen.HELD for line in self.lines)

    @property
    def kitchen_may_start(self) -> bool:
        """Nothing is cooked before the money is safe, unless the guest pays after the meal."""
        return self.service_flow is ServiceFlow.PAY_LATER or self.payment is Payment.PAID

    @property
    def promised_at(self) -> datetime | None:
        """None: as soon as possible."""
        return None if self.promise is None else self.promise.at

    @property
    def table_id(self) -> UUID | None:
        """None without a table."""
        return None if self.table is None else self.table.id

    @property
    def table_name(self) -> str:
        """As tickets and histories have it; empty without a table."""
        return "" if self.table is None else self.table.name

    @property
    def discount_words(self) -> str:
        """What is taken off it, as its history prints it; empty without anything."""
        names = {line.id: line.name for line in self.lines}
        told = []
        for one in self.discounts:
            much = f"{one.value / 100:g} %" if one.kind is DiscountKind.PERCENT else "on the house"
            much = written(one.value, self.currency_code) if one.kind is DiscountKind.AMOUNT else much
            what = names.get(one.line_ids[0], "") if one.line_ids and one.promotion is None else ""
            source = f"{one.promotion.name}: " if one.promotion else ""
            approved = f" (approved by {one.approved_by.name})" if one.approved_by else ""
            told.append(f"{source}{much}{' off ' if what else ''}{what}{approved}")
        return ", ".join(told)

    @property
    def unsent_since(self) -> datetime | None:
        """Since when lines wait for the kitchen that nobody holds back: their guest has not paid yet."""
        waiting = self.lifecycle is Lifecycle.VALIDATED and any(line.fires_at_once for line in self.lines)
        return self.placed_at if waiting else None


@dataclass(frozen=True, slots=True)
class StateChange:
    """One row of an order's history: which axis moved from what to what, by whom, when and why."""

    sequence: int
    axis: str
    from_value: str
    to_value: str
    command_id: str
    actor: Actor
    occurred_at: datetime
    recorded_at: datetime
    reason: str = ""
