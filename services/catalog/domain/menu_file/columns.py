"""The names of the columns."""

REQUIRED = ("category", "item", "price", "vat_class")
OPTIONAL = (
    "description",
    "allergens",
    "may_contain",
    "options",
    "nested_options",
    "available",
    "availability",
    "position",
    "barcode",
    "plu",
    "preparation_minutes",
    "stock",
    "reorder_point",
    "stock_policy",
    "category_menus",
    "menus",
    "image",
)
COLUMNS = frozenset(REQUIRED + OPTIONAL)


def recognised(header: str) -> str | None:
    """The column that a header cell names; case, blanks and hyphens do not matter."""
    key = "_".join(header.replace("-", " ").replace("_", " ").casefold().split())
    return key if key in COLUMNS else None
