"""The declared schema. Migrations make it; a test compares the two."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from chassis.db.tables import chassis_tables

SCHEMA = "catalog"

metadata = sa.MetaData(schema=SCHEMA)
chassis_tables(metadata, SCHEMA)


def _tenant() -> sa.Column[Any]:
    return sa.Column("restaurant_id", pg.UUID(), primary_key=True)


def _key(name: str) -> sa.Column[Any]:
    return sa.Column(name, pg.UUID(), primary_key=True)


def _column(name: str, kind: sa.types.TypeEngine[Any], default: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, server_default=sa.text(default) if default else None)


restaurant = sa.Table(
    "restaurant",
    metadata,
    _tenant(),
    _column("version", sa.BigInteger()),
    _column("name", sa.Text()),
    _column("currency_code", sa.Text()),
    _column("time_zone", sa.Text()),
    comment="A copy of what auth says, the newest version",
)

menu = sa.Table(
    "menu",
    metadata,
    _tenant(),
    _column("version", sa.BigInteger()),
    comment="One row per restaurant; its lock serialises changes of the menu",
)

category = sa.Table(
    "category",
    metadata,
    _tenant(),
    _key("id"),
    _column("name", sa.Text()),
    _column("name_key", sa.Text()),
    _column("position", sa.Integer()),
    _column("version", sa.BigInteger()),
    _column("removed", sa.Boolean(), "false"),
    sa.Index(
        "category_name", "restaurant_id", "name_key", unique=True, postgresql_where=sa.text("NOT removed")
    ),
    comment="Removed ones stay, for those who ask what changed since a version",
)

item = sa.Table(
    "item",
    metadata,
    _tenant(),
    _key("id"),
    _column("category_id", pg.UUID()),
    _column("name", sa.Text()),
    _column("name_key", sa.Text()),
    _column("description", sa.Text()),
    _column("price_minor", sa.BigInteger()),
    _column("vat_class", sa.Text()),
    _column("allergens", pg.ARRAY(sa.SmallInteger())),
    _column("available", sa.Boolean()),
    _column("windows", pg.JSONB()),
    _column("option_groups", pg.JSONB()),
    _column("stock_tracked", sa.Boolean()),
    _column("position", sa.Integer()),
    _column("wire_bytes", sa.Integer()),
    _column("version", sa.BigInteger()),
    _column("removed", sa.Boolean(), "false"),
    _column("barcode", sa.Text(), "''"),
    _column("plu", sa.Text(), "''"),
    _column("may_contain", pg.ARRAY(sa.SmallInteger()), "'{}'"),
    sa.Column("returns_at", sa.DateTime(timezone=True)),
    _column("preparation_minutes", sa.Integer(), "0"),
    sa.Column("image", pg.JSONB()),
    sa.ForeignKeyConstraint(
        ["restaurant_id", "category_id"], ["category.restaurant_id", "category.id"], name="item_category"
    ),
    sa.CheckConstraint("price_minor >= 0", name="item_price"),
    sa.Index(
        "item_name",
        "restaurant_id",
        "category_id",
        "name_key",
        unique=True,
        postgresql_where=sa.text("NOT removed"),
    ),
    sa.Index(
        "item_barcode",
        "restaurant_id",
        "barcode",
        unique=True,
        postgresql_where=sa.text("barcode <> '' AND NOT removed"),
    ),
    sa.Index(
        "item_plu",
        "restaurant_id",
        "plu",
        unique=True,
        postgresql_where=sa.text("plu <> '' AND NOT removed"),
    ),
    sa.Index("item_returns", "returns_at", "id", postgresql_where=sa.text("returns_at IS NOT NULL")),
    comment="Removed ones stay: orders, stock and deltas refer to them",
)

timed_menu = sa.Table(
    "timed_menu",
    metadata,
    _tenant(),
    _key("id"),
    _column("name", sa.Text()),
    _column("name_key", sa.Text()),
    _column("position", sa.Integer()),
    _column("windows", pg.JSONB()),
    sa.Column("effective_from", sa.Date()),
    sa.Column("effective_until", sa.Date()),
    _column("category_ids", pg.ARRAY(pg.UUID())),
    _column("item_ids", pg.ARRAY(pg.UUID())),
    _column("version", sa.BigInteger()),
    _column("removed", sa.Boolean(), "false"),
    sa.Index(
        "timed_menu_name", "restaurant_id", "name_key", unique=True, postgresql_where=sa.text("NOT removed")
    ),
    comment="Menus by time of day. Removed ones stay, for those who ask what changed since a version",
)

vat_class = sa.Table(
    "vat_class",
    metadata,
    _tenant(),
    sa.Column("code", sa.Text(), primary_key=True),
    _column("name", sa.Text()),
    _column("rates", pg.JSONB()),
    _column("position", sa.Integer()),
    _column("version", sa.BigInteger()),
)

ingredient = sa.Table(
    "ingredient",
    metadata,
    _tenant(),
    _key("id"),
    _column("name", sa.Text()),
    _column("name_key", sa.Text()),
    _column("unit", sa.Text()),
    _column("version", sa.BigInteger()),
    _column("removed", sa.Boolean(), "false"),
    sa.CheckConstraint("unit IN ('piece', 'gram', 'millilitre')", name="ingredient_unit"),
    sa.Index(
        "ingredient_name", "restaurant_id", "name_key", unique=True, postgresql_where=sa.text("NOT removed")
    ),
    comment="Stock that is not sold itself. Removed ones stay: movements refer to them",
)

recipe = sa.Table(
    "recipe",
    metadata,
    _tenant(),
    _key("item_id"),
    _column("version", sa.BigInteger()),
    _column("is_made", sa.Boolean()),
    comment="Of every item that has a recipe, or had one (not is_made)",
)

recipe_take = sa.Table(
    "recipe_take",
    metadata,
    _tenant(),
    _key("item_id"),
    _key("ingredient_id"),
    _column("quantity", sa.BigInteger()),
    _column("position", sa.Integer()),
    sa.CheckConstraint("quantity > 0", name="recipe_take_quantity"),
    sa.Index("recipe_take_ingredient", "restaurant_id", "ingredient_id"),
    comment="What one unit of an item takes of an ingredient, in its unit",
)

supplier = sa.Table(
    "supplier",
    metadata,
    _tenant(),
    _key("id"),
    _column("name", sa.Text()),
    _column("name_key", sa.Text()),
    _column("lead_days", sa.Integer()),
    _column("minimum_minor", sa.BigInteger()),
    _column("version", sa.BigInteger()),
    sa.Index("supplier_name", "restaurant_id", "name_key", unique=True),
)

supply = sa.Table(
    "supply",
    metadata,
    _tenant(),
    _key("item_id"),
    _column("supplier_id", pg.UUID()),
    _column("pack_size", sa.BigInteger()),
    _column("pack_cost_minor", sa.BigInteger()),
    _column("safety_days", sa.Integer()),
    _column("on_order", sa.BigInteger()),
    _column("version", sa.BigInteger()),
    sa.ForeignKeyConstraint(
        ["restaurant_id", "supplier_id"], ["supplier.restaurant_id", "supplier.id"], name="supply_supplier"
    ),
    sa.CheckConstraint("pack_size > 0", name="supply_pack"),
    comment="From whom an item or ingredient comes, in which packs",
)

stock = sa.Table(
    "stock",
    metadata,
    _tenant(),
    _key("item_id"),
    _column("on_hand", sa.BigInteger()),
    _column("reserved", sa.BigInteger()),
    _column("reorder_point", sa.BigInteger()),
    _column("policy", sa.Text()),
    _column("tracked", sa.Boolean()),
    _column("version", sa.BigInteger()),
    _column("updated_at", sa.DateTime(timezone=True)),
    sa.CheckConstraint("reserved >= 0", name="stock_reserved"),
    sa.Column("counted_at", sa.DateTime(timezone=True)),
    sa.CheckConstraint("policy IN ('refuse', 'warn', 'allow')", name="stock_policy"),
    comment="The level of every item or ingredient that is or was counted",
)

stock_movement = sa.Table(
    "stock_movement",
    metadata,
    _tenant(),
    _key("id"),
    _column("item_id", pg.UUID()),
    _column("kind", sa.Text()),
    _column("quantity", sa.BigInteger()),
    _column("on_hand_after", sa.BigInteger()),
    sa.Column("order_id", pg.UUID()),
    sa.Column("line_id", pg.UUID()),
    _column("occurred_at", sa.DateTime(timezone=True)),
    _column("reserved", sa.BigInteger(), "0"),
    _column("revision", sa.Integer(), "0"),
    _column("reason", sa.Text(), "''"),
    sa.Column("actor_id", pg.UUID()),
    sa.CheckConstraint(
        "kind IN ('opening', 'reserve', 'release', 'sale', 'waste', 'count', 'delivery', 'adjustment')",
        name="stock_movement_kind",
    ),
    sa.Index("stock_movement_item", "restaurant_id", "item_id", "occurred_at"),
    sa.Index("stock_movement_time", "restaurant_id", "occurred_at"),
    sa.Index(
        "stock_movement_once",
        "restaurant_id",
        "order_id",
        "line_id",
        "item_id",
        "kind",
        "revision",
        unique=True,
        postgresql_where=sa.text("order_id IS NOT NULL AND kind <> 'adjustment'"),
    ),
    comment="Every change of a level; their sums are on_hand and reserved. A line leaves the shelf once",
)

reservation = sa.Table(
    "reservation",
    metadata,
    _tenant(),
    _key("order_id"),
    _column("state", sa.Text()),
    _column("order_version", sa.BigInteger()),
    _column("lines", pg.JSONB()),
    sa.Column("expires_at", sa.DateTime(timezone=True)),
    _column("updated_at", sa.DateTime(timezone=True)),
    _column("revision", sa.Integer(), "0"),
    sa.CheckConstraint(
        "state IN ('held', 'confirmed', 'released', 'committed', 'cancelled', 'wasted')",
        name="reservation_state",
    ),
    sa.Index("reservation_expiry", "expires_at", postgresql_where=sa.text("state = 'held'")),
    comment="What one order holds: lines as [line_id, item_id, quantity]",
)

image = sa.Table(
    "image",
    metadata,
    _tenant(),
    sa.Column("hash", sa.Text(), primary_key=True),
    _column("width", sa.Integer()),
    _column("height", sa.Integer()),
    _column("state", sa.Text()),
    _column("checked_at", sa.DateTime(timezone=True)),
    sa.CheckConstraint("state IN ('storing', 'stored', 'removing')", name="image_state"),
    sa.Index("image_due", "checked_at"),
    sa.Index("image_hash", "hash", postgresql_where=sa.text("state = 'stored'")),
    comment="Pictures that lie with a restaurant, by the hash of what they show",
)

image_upload = sa.Table(
    "image_upload",
    metadata,
    _tenant(),
    _key("id"),
    _column("item_id", pg.UUID()),
    _column("content_type", sa.Text()),
    _column("bytes", sa.BigInteger()),
    _column("confirmed", sa.Boolean(), "false"),
    _column("remove_at", sa.DateTime(timezone=True)),
    sa.Index("image_upload_due", "remove_at"),
    comment="Announced pictures; removed after remove_at with what was sent",
)
