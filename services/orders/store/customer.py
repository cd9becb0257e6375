"""Customers, the words that they are found by, and which orders are whose.

A word is a row: a search reads a range of one index, however many customers there are. The words of a
customer stand on their row as well, where the others of what is looked for are compared.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.db import Record, Transaction
from chassis.db.conditions import Conditions
from services.orders.domain.customer import Consent, Customer
from services.orders.domain.order.order import Order

SEARCH_WINDOW = 2_000
"""So many words that begin as what is looked for are looked at."""
LAST_CHARACTER = "\U0010ffff"
"""Behind everything that begins with a word."""
FIND_CUSTOMER = "SELECT * FROM customer WHERE restaurant_id = $1 AND id = $2 AND erased_at IS NULL"
LOCK_CUSTOMER = """
SELECT * FROM customer WHERE restaurant_id = $1 AND id = $2 AND erased_at IS NULL FOR UPDATE
"""
# They stay until the order that names them is stored.
HOLD_CUSTOMER = """
SELECT * FROM customer WHERE restaurant_id = $1 AND id = $2 AND erased_at IS NULL FOR KEY SHARE
"""
LIST_CUSTOMERS = """
SELECT * FROM customer WHERE restaurant_id = $1 AND id > $2 AND erased_at IS NULL ORDER BY id LIMIT $3
"""
FIRST_ID = UUID(int=0)
INSERT_CUSTOMER = """
INSERT INTO customer (restaurant_id, id, version, name, name_key, phone, email, address, vat_number, notes,
    consented_at, consent_source, created_at, words)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""
UPDATE_CUSTOMER = """
UPDATE customer SET version = $3, name = $4, name_key = $5, phone = $6, email = $7, address = $8,
    vat_number = $9, notes = $10, consented_at = $11, consent_source = $12, created_at = $13, words = $14
WHERE restaurant_id = $1 AND id = $2
"""
MARK_ERASED = "UPDATE customer SET erased_at = $3 WHERE restaurant_id = $1 AND id = $2"
ADD_WORDS = """
INSERT INTO customer_word (restaurant_id, word, customer_id)
SELECT $1, word, $2 FROM unnest($3::text[]) AS word
"""
REMOVE_WORDS = """
DELETE FROM customer_word WHERE restaurant_id = $1 AND customer_id = $2 AND word = ANY ($3::text[])
"""
LINK_ORDER = """
INSERT INTO order_customer (restaurant_id, order_id, customer_id, created_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (restaurant_id, order_id) DO UPDATE SET customer_id = excluded.customer_id
"""
UNLINK_ORDER = "DELETE FROM order_customer WHERE restaurant_id = $1 AND order_id = $2"
BY_NAME = "ORDER BY c.name_key, c.id"


async def find_customer(tx: Transaction, customer_id: UUID) -> Customer | None:
    """None where there is none, or none any more."""
    row = await tx.fetchrow(FIND_CUSTOMER, tx.tenant, customer_id)
    return None if row is None else _customer_in(row)


async def lock_customer(tx: Transaction, customer_id: UUID) -> Customer | None:
    """The same, locked until the transaction ends."""
    row = await tx.fetchrow(LOCK_CUSTOMER, tx.tenant, customer_id)
    return None if row is None else _customer_in(row)


async def hold_customer(tx: Transaction, customer_id: UUID) -> Customer | None:
    """The same, kept from being erased until the transaction ends."""
    row = await tx.fetchrow(HOLD_CUSTOMER, tx.tenant, customer_id)
    return None if row is None else _customer_in(row)


async def list_customers(tx: Transaction, after: UUID | None, limit: int) -> list[Customer]:
    """In the order in which they came."""
    rows = await tx.fetch(LIST_CUSTOMERS, tx.tenant, after or FIRST_ID, limit)
    return [_customer_in(row) for row in rows]


async def search_customers(tx: Transaction, words: Sequence[str], limit: int) -> list[Customer]:
    """Those of whom the first word begins one, or of whom each of the others does; by name."""
    whole, *parts = words
    where = Conditions(tx.tenant)
    ranges = [_range(where, whole)]
    if parts:
        ranges.append(_range(where, max(parts, key=len)))
    begins = [_begins(where, whole), " AND ".join(_begins(where, part) for part in parts) or "false"]
    sql = f"""
    SELECT c.* FROM (SELECT DISTINCT customer_id FROM ({" UNION ALL ".join(ranges)}) AS word) AS found
    JOIN customer AS c ON c.restaurant_id = $1 AND c.id = found.customer_id
    WHERE {begins[0]} OR {begins[1]} {BY_NAME} LIMIT {where.parameter(limit)}
    """  # noqa: S608
    return [_customer_in(row) for row in await tx.fetch(sql, *where.arguments)]


async def insert_customer(tx: Transaction, customer: Customer) -> None:
    """A new one with its words."""
    await tx.execute(INSERT_CUSTOMER, *_values(tx, customer))
    await tx.execute(ADD_WORDS, tx.tenant, customer.id, list(customer.words))


async def update_customer(tx: Transaction, before: Customer, after: Customer) -> None:
    """One that this transaction has locked, and the words that are others now."""
    await tx.execute(UPDATE_CUSTOMER, *_values(tx, after))
    gone, new = set(before.words) - set(after.words), set(after.words) - set(before.words)
    if gone:
        await tx.execute(REMOVE_WORDS, tx.tenant, after.id, sorted(gone))
    if new:
        await tx.execute(ADD_WORDS, tx.tenant, after.id, sorted(new))


async def mark_erased(tx: Transaction, customer_id: UUID, at: datetime) -> None:
    """Nobody finds them from now on."""
    await tx.execute(MARK_ERASED, tx.tenant, customer_id, at)


async def link_order(tx: Transaction, order: Order) -> None:
    """Says whose the order is; nobody's where it names no customer."""
    if order.customer_id is None:
        await tx.execute(UNLINK_ORDER, tx.tenant, order.id)
    else:
        await tx.execute(LINK_ORDER, tx.tenant, order.id, order.customer_id, order.created_at)


def _range(where: Conditions, word: str) -> str:
    first, last = where.parameter(word), where.parameter(word + LAST_CHARACTER)
    rows = where.parameter(SEARCH_WINDOW)
    return (
        "(SELECT customer_id FROM customer_word WHERE restaurant_id = $1"  # noqa: S608
        f" AND word >= {first}::text AND word < {last}::text ORDER BY word LIMIT {rows}::int)"
    )


def _begins(where: Conditions, word: str) -> str:
    return f"strpos(c.words, chr(10) || {where.parameter(word)}::text) > 0"


def _values(tx: Transaction, customer: Customer) -> list[object]:
    """$1 to $14."""
    consent = customer.consent
    return [
        tx.tenant,
        customer.id,
        customer.version,
        customer.name,
        customer.name.casefold(),
        customer.phone,
        customer.email,
        customer.address,
        customer.vat_number,
        customer.notes,
        None if consent is None else consent.at,
        "" if consent is None else consent.source,
        customer.created_at,
        "".join(f"\n{word}" for word in customer.words),
    ]


def _customer_in(row: Record) -> Customer:
    at = row["consented_at"]
    return Customer(
        id=row["id"],
        name=row["name"],
        phone=row["phone"],
        email=row["email"],
        address=row["address"],
        vat_number=row["vat_number"],
        notes=row["notes"],
        consent=None if at is None else Consent(at, row["consent_source"]),
        created_at=row["created_at"],
        version=row["version"],
    )
