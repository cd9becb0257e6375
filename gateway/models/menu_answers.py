"""The menu and the stock, as OpenAPI shows them."""

from gateway.models.answers import Answer


class OptionOut(Answer):
    """``allergens``: what it adds to those of the item."""

    id: str
    name: str
    price_delta_minor: int
    available: bool
    allergens: list[str]


class OptionGroupOut(Answer):
    """A question that an item asks: ``min`` to ``max`` answers."""

    id: str
    name: str
    min: int
    max: int
    options: list[OptionOut]


class WindowOut(Answer):
    """When an item is sold: weekdays (0 Monday; none: every day), minutes after local midnight."""

    weekdays: list[int]
    from_minutes: int
    until_minutes: int


class ItemOut(Answer):
    """``version`` is what If-Match wants; ``stock_left`` None: not counted, or not asked here."""

    id: str
    category_id: str | None
    name: str
    description: str | None
    price_minor: int
    vat_class: str | None
    allergens: list[str]
    available: bool
    stock_tracked: bool
    stock_left: int | None
    position: int
    version: int
    windows: list[WindowOut]
    option_groups: list[OptionGroupOut]


class CategoryOut(Answer):
    """``version`` is what If-Match wants."""

    id: str
    name: str
    position: int
    version: int


class MenuCategoryOut(CategoryOut):
    items: list[ItemOut]


class MenuOut(Answer):
    """The whole menu."""

    version: int
    currency: str
    categories: list[MenuCategoryOut]


class StockLeftOut(Answer):
    item_id: str
    stock_left: int


class MenuDeltaOut(Answer):
    """What changed after ``since_version``, with what is gone; hours and stock are always complete."""

    version: int
    since_version: int
    delta: bool
    currency: str
    categories: list[CategoryOut]
    items: list[ItemOut]
    removed_item_ids: list[str]
    removed_category_ids: list[str]
    available_item_ids: list[str]
    stock: list[StockLeftOut]


class RejectedRowOut(Answer):
    row: int
    field: str | None
    detail: str


class ImportOut(Answer):
    """What an import did, or would do. While a row is rejected, nothing."""

    created: int
    updated: int
    unchanged: int
    rejected: list[RejectedRowOut]
    menu_version: int | None


class StockLevelOut(Answer):
    """Absolute figures; available = on_hand - reserved."""

    item_id: str
    item_name: str | None
    on_hand: int
    reserved: int
    available: int
    reorder_point: int
    version: int
    tracked: bool
    updated_at: str | None


class StockPage(Answer):
    items: list[StockLevelOut]
    next_cursor: str | None
