"""Double entry: what each money event books, as balanced sets of debits and credits in minor units.

cash_drawer is what the drawers should hold; its balance is the sum of the open sessions' expected cash.
Nothing is ever booked against tips_payable or service_charge except what a customer pays, a refund or a
pay-out to workers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.payments.domain.actor import Actor
from services.payments.domain.bill import SALES, SERVICE_CHARGE, VAT_PAYABLE, Share
from services.payments.domain.fee import Fee, Method
from services.payments.domain.till import DrawerKind

CASH_DRAWER = "cash_drawer"
TIPS_PAYABLE = "tips_payable"
FEES = "fees"
FEES_PAYABLE = "fees_payable"
SAFE = "safe"
PETTY_CASH = "petty_cash"
CASH_OVER_SHORT = "cash_over_short"

ACCOUNTS = frozenset(
    {
        CASH_DRAWER,
        SALES,
        VAT_PAYABLE,
        SERVICE_CHARGE,
        TIPS_PAYABLE,
        FEES,
        FEES_PAYABLE,
        SAFE,
        PETTY_CASH,
        CASH_OVER_SHORT,
        *(f"{method}_clearing" for method in Method if method is not Method.CASH),
    }
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of a posting: exactly one of debit and credit is above zero."""

    account: str
    debit_minor: int
    credit_minor: int
    rate_bp: int | None = None


@dataclass(frozen=True, slots=True)
class Posting:
    """Entries of one money event that is no payment."""

    kind: str
    till_session_id: UUID
    currency_code: str
    business_date: date
    at: datetime
    actor: Actor
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """Debits and credits of one account in one currency."""

    account: str
    currency_code: str
    debit_minor: int
    credit_minor: int


class Unbalanced(ValueError):
    """Debits and credits differ: a mistake in this module, never in a request."""


def payment_posting(method: Method, share: Share, tip_minor: int, fee: Fee) -> tuple[Entry, ...]:
    """A captured payment: the bill's parts and the tip against where the money lies, and the fee beside
    it.
    """
    received = sum(share.parts.values()) + tip_minor
    return _posting(
        _debit(CASH_DRAWER if method is Method.CASH else f"{method}_clearing", received),
        *(_credit(account, minor, rate_bp) for (account, rate_bp), minor in share.parts.items()),
        _credit(TIPS_PAYABLE, tip_minor),
        _debit(FEES, fee.total_minor),
        _credit(FEES_PAYABLE, fee.total_minor),
    )


def opening_posting(float_minor: int) -> tuple[Entry, ...]:
    """The float comes from the safe."""
    return _posting(_debit(CASH_DRAWER, float_minor), _credit(SAFE, float_minor))


def drawer_posting(kind: DrawerKind, amount_minor: int) -> tuple[Entry, ...]:
    """Cash put in or taken out beside a sale; nothing for a drawer that was only opened."""
    if kind is DrawerKind.NO_SALE:
        return ()
    other = SAFE if kind is DrawerKind.DROP else PETTY_CASH
    into_drawer = amount_minor if kind is DrawerKind.PAID_IN else -amount_minor
    return _posting(_debit(CASH_DRAWER, into_drawer), _credit(other, into_drawer))


def closing_posting(counted_minor: int, variance_minor: int) -> tuple[Entry, ...]:
    """The difference is booked, then what was counted goes to the safe: the drawer is left at nothing."""
    return _posting(
        _debit(CASH_DRAWER, variance_minor - counted_minor),
        _credit(CASH_OVER_SHORT, variance_minor),
        _debit(SAFE, counted_minor),
    )


def _debit(account: str, minor: int, rate_bp: int | None = None) -> Entry:
    return Entry(account, max(0, minor), max(0, -minor), rate_bp)


def _credit(account: str, minor: int, rate_bp: int | None = None) -> Entry:
    return _debit(account, -minor, rate_bp)


def _posting(*entries: Entry) -> tuple[Entry, ...]:
    kept = tuple(entry for entry in entries if entry.debit_minor or entry.credit_minor)
    if not is_balanced(kept):
        raise Unbalanced(f"{kept}")
    return kept


def is_balanced(entries: Iterable[Entry]) -> bool:
    """Whether debits equal credits."""
    return sum(entry.debit_minor - entry.credit_minor for entry in entries) == 0
