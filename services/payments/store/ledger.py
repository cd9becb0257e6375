"""The ledger. Rows here are only ever added; those of a payment come with it (store/payment.py)."""

from collections.abc import Sequence
from datetime import date

from chassis.db import Transaction
from chassis.ids import new_id
from services.payments.domain.ledger import AccountBalance, Entry, Posting

RECORD_POSTING = """
WITH booked AS (
    INSERT INTO ledger_transaction (restaurant_id, id, kind, business_date, created_at, payment_id,
        till_session_id, actor_id)
    VALUES ($1, $2, $3, $4, $5, NULL, $6, $7)
)
INSERT INTO ledger_entry (restaurant_id, transaction_id, position, account, rate_bp, currency_code,
    debit_minor, credit_minor, business_date, till_session_id)
SELECT $1, $2, entry.position, entry.account, entry.rate, $8, entry.debit, entry.credit, $4, $6
FROM unnest($9::text[], $10::integer[], $11::bigint[], $12::bigint[]) WITH ORDINALITY
    AS entry (account, rate, debit, credit, position)
"""
TRIAL_BALANCE = """
SELECT account, currency_code, sum(debit_minor)::bigint AS debit_minor,
    sum(credit_minor)::bigint AS credit_minor
FROM ledger_entry WHERE restaurant_id = $1
GROUP BY account, currency_code ORDER BY account, currency_code
"""
TRIAL_BALANCE_OF_DAY = """
SELECT account, currency_code, sum(debit_minor)::bigint AS debit_minor,
    sum(credit_minor)::bigint AS credit_minor
FROM ledger_entry WHERE restaurant_id = $1 AND business_date = $2
GROUP BY account, currency_code ORDER BY account, currency_code
"""


async def record_posting(tx: Transaction, posting: Posting) -> None:
    """Books entries; nothing for none."""
    if not posting.entries:
        return
    await tx.execute(
        RECORD_POSTING,
        tx.tenant,
        new_id(),
        posting.kind,
        posting.business_date,
        posting.at,
        posting.till_session_id,
        posting.actor.user_id,
        posting.currency_code,
        *entry_columns(posting.entries),
    )


async def trial_balance(tx: Transaction, day: date | None) -> list[AccountBalance]:
    """Debits and credits of each account on one business date, or of all time."""
    if day is None:
        rows = await tx.fetch(TRIAL_BALANCE, tx.tenant)
    else:
        rows = await tx.fetch(TRIAL_BALANCE_OF_DAY, tx.tenant, day)
    return [
        AccountBalance(row["account"], row["currency_code"], row["debit_minor"], row["credit_minor"])
        for row in rows
    ]


def entry_columns(entries: Sequence[Entry]) -> tuple[list[str], list[int | None], list[int], list[int]]:
    """Accounts, rates, debits and credits of entries, as the statements that book them take them."""
    return (
        [entry.account for entry in entries],
        [entry.rate_bp for entry in entries],
        [entry.debit_minor for entry in entries],
        [entry.credit_minor for entry in entries],
    )
