"""Request bodies. Unknown fields are refused; money is integer minor units; ids are UUIDs."""

from typing import Annotated, Literal
from uuid import UUID

from fynlo_json.catalog import ALLERGEN
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from gateway import texts
from gateway.bodies import Body
from gateway.numbers import INT64_MAX

NAME_CHARS_MAX = 120
LINES_MAX = 200
MINOR_MAX = 100_000_000_000


def _known_allergen(name: str) -> str:
    known = ALLERGEN.numbers()
    if name not in known:
        raise PydanticCustomError("enum", "allergens are {known}", {"known": ", ".join(known)})
    return name


Id = UUID
Name = Annotated[str, Field(min_length=1, max_length=NAME_CHARS_MAX)]
Amount = Annotated[int, Field(ge=0, le=MINOR_MAX)]
PositiveAmount = Annotated[int, Field(gt=0, le=MINOR_MAX)]
AllergenName = Annotated[
    str, AfterValidator(_known_allergen), Field(json_schema_extra={"enum": list(ALLERGEN.numbers())})
]
Allergens = Annotated[list[AllergenName], Field(max_length=14, default_factory=list)]
Email = Annotated[str, Field(min_length=3, max_length=254)]
"""What an account may be looked for with."""
NewEmail = Annotated[str, Field(min_length=3, max_length=254, pattern=texts.EMAIL)]
"""What an account may be made with."""


class LogIn(Body):
    """A person signs in on a device."""

    email: Email
    password: Annotated[str, Field(min_length=1, max_length=1024)]
    device_id: Annotated[str, Field(max_length=128)] | None = None
    client: Literal["web", "ios", "kds"] = "web"
    device_secret: Annotated[str, Field(max_length=64)] | None = None


class Refresh(Body):
    """The refresh token of an earlier answer; it works once."""

    refresh_token: Annotated[str, Field(min_length=1, max_length=512)]
    device_id: Annotated[str, Field(max_length=128)] | None = None


class LogOut(Body):
    """Nothing is needed; `everywhere` ends the sessions on all devices."""

    everywhere: bool = False


class Switch(Body):
    """The restaurant to work in from now on."""

    restaurant_id: Id


class OptionIn(Body):
    """A chosen option."""

    option_id: Id
    quantity: Annotated[int, Field(ge=1, le=100)] = 1


class LineIn(Body):
    """One line of a basket."""

    id: Id | None = None
    item_id: Id
    quantity: Annotated[int, Field(ge=1, le=999)]
    options: Annotated[list[OptionIn], Field(max_length=50, default_factory=list)]
    note: Annotated[str, Field(max_length=500)] | None = None
    seat: Annotated[int, Field(ge=1, le=200)] | None = None
    course: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    hold: bool = False


class GuestAllergyIn(Body):
    """What a guest must not eat: allergens by name and words, either or both. Neither: no guest has one."""

    allergens: Allergens
    text: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")] | None = None


class QuoteIn(Body):
    """A basket, to know what it costs."""

    service_flow: Literal["pay_first", "pay_later"]
    order_type: Literal["eat_in", "takeaway", "delivery"]
    table_id: Id | None = None
    covers: Annotated[int, Field(ge=1, le=1000)] | None = None
    customer_id: Id | None = None
    menu_version: Annotated[int, Field(ge=0, le=INT64_MAX)] | None = None
    lines: Annotated[list[LineIn], Field(min_length=1, max_length=LINES_MAX)]


class OrderIn(QuoteIn):
    """An order. The client may make the id (UUIDv7), so that it can store the order before it sends it."""

    id: Id | None = None
    draft: bool = False
    guest_allergy: GuestAllergyIn | None = None
    lines: Annotated[list[LineIn], Field(max_length=LINES_MAX)]


class StatusIn(Body):
    """The derived state to reach."""

    status: Literal["draft", "validated", "paid", "preparing", "ready", "done", "invoiced", "cancelled"]
    reason: Annotated[str, Field(max_length=200)] | None = None


class FireIn(Body):
    """What to send to the kitchen: lines, a course, or, without either, all that is held.

    ``pay_later``: the guest of a pay_first order pays after the meal instead.
    """

    lines: Annotated[list[Id], Field(max_length=LINES_MAX)] | None = None
    course: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    pay_later: bool = False


class CancelIn(Body):
    """Why the whole order ends."""

    reason: Annotated[str, Field(max_length=200)] | None = None


class Nothing(Body):
    """A command that needs no words."""


class StationIn(Body):
    """A kitchen station and the categories that it cooks."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    position: Annotated[int, Field(ge=0, le=1000)] = 0
    category_ids: Annotated[list[Id], Field(max_length=500, default_factory=list)]
    is_default: bool = False
    target_minutes: Annotated[int, Field(ge=0, le=240)] = 0


class ApprovalIn(Body):
    """Somebody else of the restaurant who may approve: their access token."""

    token: Annotated[str, Field(min_length=1, max_length=4096)]


class PaymentIn(Body):
    """Money for an order. Without an amount: the whole balance."""

    id: Id | None = None
    method: Literal["open_banking", "card", "apple_pay", "sumup", "cash"]
    amount_minor: PositiveAmount | None = None
    tip_minor: Annotated[int, Field(ge=0, le=100_000_000)] = 0
    check_id: Id | None = None
    tendered_minor: Amount | None = None
    till_session_id: Id | None = None
    reason: Annotated[str, Field(max_length=200)] | None = None
    approval: ApprovalIn | None = None


class OpenTillIn(Body):
    """A drawer begins its session with a float."""

    till: Annotated[str, Field(min_length=1, max_length=60)]
    opening_float_minor: Annotated[int, Field(ge=0, le=100_000_000)]


class CloseTillIn(Body):
    """What was counted. A large variance needs a reason; it and orders that are carried over an approval."""

    counted_minor: Amount
    reason: Annotated[str, Field(max_length=200)] | None = None
    carry_over_order_ids: Annotated[list[Id], Field(max_length=200, default_factory=list)]
    approval: ApprovalIn | None = None


class DrawerEventIn(Body):
    """Cash that moves without a sale."""

    kind: Literal["paid_in", "paid_out", "drop", "no_sale"]
    amount_minor: Annotated[int, Field(ge=0, le=100_000_000)]
    reason: Annotated[str, Field(max_length=200)] | None = None
    approval: ApprovalIn | None = None


class CategoryIn(Body):
    """A part of the menu."""

    name: Name
    position: Annotated[int, Field(ge=0, le=100_000)] = 0


class MenuOptionIn(Body):
    """One choice of an option group. ``allergens``: what it adds to those of the item."""

    id: Id | None = None
    name: Name
    price_delta_minor: Annotated[int, Field(ge=-100_000_000, le=100_000_000)] = 0
    available: bool = True
    allergens: Allergens


class OptionGroupIn(Body):
    """A question that an item asks."""

    id: Id | None = None
    name: Name
    min: Annotated[int, Field(ge=0, le=100)] = 0
    max: Annotated[int, Field(ge=1, le=100)] = 1
    options: Annotated[list[MenuOptionIn], Field(min_length=1, max_length=100)]


class WindowIn(Body):
    """When an item is sold, local time, minutes after midnight."""

    weekdays: Annotated[list[Annotated[int, Field(ge=0, le=6)]], Field(max_length=7, default_factory=list)]
    from_minutes: Annotated[int, Field(ge=0, lt=1440)]
    until_minutes: Annotated[int, Field(ge=0, le=1440)]


class ItemIn(Body):
    """Something to sell. ``stock_tracked`` says whether it is counted; without it a new item is not, and one
    that exists stays as it is."""

    category_id: Id
    name: Name
    description: Annotated[str, Field(max_length=1000)] = ""
    price_minor: Annotated[int, Field(ge=0, le=100_000_000)]
    vat_class: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    allergens: Allergens
    available: bool = True
    stock_tracked: bool | None = None
    windows: Annotated[list[WindowIn], Field(max_length=50, default_factory=list)]
    option_groups: Annotated[list[OptionGroupIn], Field(max_length=50, default_factory=list)]
    position: Annotated[int, Field(ge=0, le=100_000)] = 0


class AvailabilityIn(Body):
    """False takes an item off ("86"), true puts it back."""

    available: bool


class StockCountIn(Body):
    """What was counted on the shelf."""

    on_hand: Annotated[int, Field(ge=0, le=1_000_000_000)]
    reorder_point: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0


class EmployeeIn(Body):
    """A person who works here."""

    name: Name
    user_id: Id | None = None
    job: Annotated[str, Field(max_length=60)] = ""
    hourly_rate_minor: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    active: bool = True


class ClockIn(Body):
    """Without an employee: the caller."""

    employee_id: Id | None = None


class RestaurantIn(Body):
    """A new restaurant and the first owner, who is invited."""

    name: Name
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "GBP"
    timezone: Annotated[str, Field(min_length=1, max_length=64)] = "Europe/London"
    owner_email: NewEmail
    owner_name: Name
    bill_mode: Literal["inclusive_optional", "inclusive_compulsory", "exclusive_legacy"] = (
        "inclusive_optional"
    )
    service_charge_bp: Annotated[int, Field(ge=0, le=5000)] = 0


class SettingsIn(Body):
    """How the caller's restaurant works."""

    name: Name
    timezone: Annotated[str, Field(min_length=1, max_length=64)]
    bill_mode: Literal["inclusive_optional", "inclusive_compulsory", "exclusive_legacy"]
    service_charge_bp: Annotated[int, Field(ge=0, le=5000)]
    day_cutoff_minutes: Annotated[int, Field(ge=0, lt=1440)]
    auto_complete: bool
    fee_preset: Literal["listed", "stripe_uk_online", "stripe_uk_in_person"]
