"""X and Z reports: what a till session took, and the chain that makes a change to an issued one visible.

A Z report's hash is SHA-256 over the hash before it and its own content as canonical JSON (keys sorted, no
spaces, UTF-8), both as text. The chain of a restaurant starts at GENESIS_HASH with report number 1.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from services.payments.domain.actor import Actor
from services.payments.domain.errors import ZReportTampered
from services.payments.domain.fee import Method
from services.payments.domain.till import CashTotals, DrawerEvent, DrawerKind, TillSession

GENESIS_HASH = "0" * 64


@dataclass(frozen=True, slots=True)
class Taken:
    """Payments of one session by one person with one method, summed up. Minor units."""

    method: Method
    user_id: UUID
    name: str
    count: int
    amount_minor: int
    tip_minor: int
    fee_minor: int
    gross_minor: int
    discount_minor: int
    void_minor: int
    service_minor: int
    covers: int
    order_count: int
    first_order_number: int
    last_order_number: int
    comp_minor: int = 0
    comp_count: int = 0


@dataclass(frozen=True, slots=True)
class OfNothing:
    """Orders of the restaurant that came to nothing, because all of them was voided or taken off: nobody pays
    for one, so no session has it. The next report tells it, whatever till that is of."""

    order_count: int
    comp_count: int
    comp_minor: int
    discount_minor: int
    """Comps included."""
    void_minor: int


@dataclass(frozen=True, slots=True)
class TenderTotal:
    """One method's takings."""

    method: Method
    count: int
    amount_minor: int
    tip_minor: int
    fee_minor: int


@dataclass(frozen=True, slots=True)
class VatTotal:
    """One VAT rate's takings, VAT included."""

    rate_bp: int
    gross_minor: int
    vat_minor: int


@dataclass(frozen=True, slots=True)
class StaffTotal:
    """One person's takings without tips."""

    user_id: UUID
    name: str
    count: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The drawer: what should be in it, what was, and why they differ."""

    totals: CashTotals
    expected_minor: int
    counted_minor: int
    variance_minor: int
    variance_reason: str
    approved_by: Actor | None = None
    """Only where whoever closed could not do it alone; reports issued before it was kept have none."""


@dataclass(frozen=True, slots=True)
class TillReport:
    """An X report (number 0, no hashes) or a Z report.

    ``net_minor`` is what was taken for bills, tips apart, so the reports of all sessions sum up to all
    payments.
    Covers, voids and the number of orders count with the first payment of an order, so that no order
    counts twice.
    """

    number: int
    restaurant_id: UUID
    till_session_id: UUID
    till: str
    business_date: date
    currency_code: str
    from_time: datetime
    until_time: datetime
    gross_minor: int
    discount_minor: int
    void_minor: int
    refund_minor: int
    net_minor: int
    vat: tuple[VatTotal, ...]
    service_charge_minor: int
    tip_minor: int
    tenders: tuple[TenderTotal, ...]
    fee_minor: int
    cash: Reconciliation
    covers: int
    order_count: int
    staff: tuple[StaffTotal, ...]
    first_order_number: int
    last_order_number: int
    previous_hash: str = ""
    hash: str = ""
    drawer_events: tuple[DrawerEvent, ...] = ()
    """What moved beside sales, in the order of time; reports issued before they were listed have none."""
    comp_minor: int = 0
    """What of the discount was given on the house, in ``comp_count`` goes."""
    comp_count: int = 0
    nothing: OfNothing | None = None


@dataclass(frozen=True, slots=True)
class IssuedReport:
    """A Z report as it is stored: ``content`` is the canonical JSON that the hash covers."""

    number: int
    content: str
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class TillClosed:
    """A session that was closed, and the Z report of it."""

    session: TillSession
    report: TillReport


def report_of(
    session: TillSession,
    until: datetime,
    taken: Sequence[Taken],
    vat: Sequence[VatTotal],
    cash: CashTotals,
    drawer_events: Sequence[DrawerEvent] = (),
    nothing: OfNothing | None = None,
) -> TillReport:
    """The X report of a session at ``until`` (UTC), from its sums.

    A session that is closed states its count.
    """
    net = sum(row.amount_minor for row in taken)
    numbers = [n for row in taken for n in (row.first_order_number, row.last_order_number) if n]
    return TillReport(
        number=0,
        restaurant_id=session.restaurant_id,
        till_session_id=session.id,
        till=session.till,
        business_date=session.business_date,
        currency_code=session.currency_code,
        from_time=session.opened_at,
        until_time=until,
        gross_minor=sum(row.gross_minor for row in taken),
        discount_minor=sum(row.discount_minor for row in taken),
        void_minor=sum(row.void_minor for row in taken),
        refund_minor=cash.refunds_minor,
        net_minor=net - cash.refunds_minor,
        vat=tuple(sorted(vat, key=lambda total: total.rate_bp)),
        service_charge_minor=sum(row.service_minor for row in taken),
        tip_minor=sum(row.tip_minor for row in taken),
        tenders=_tenders(taken),
        fee_minor=sum(row.fee_minor for row in taken),
        cash=Reconciliation(
            cash,
            cash.expected_minor,
            session.counted_minor,
            session.variance_minor,
            session.variance_reason,
            session.closing_approved_by,
        ),
        covers=sum(row.covers for row in taken),
        order_count=sum(row.order_count for row in taken),
        staff=_staff(taken),
        first_order_number=min(numbers, default=0),
        last_order_number=max(numbers, default=0),
        drawer_events=tuple(drawer_events),
        comp_minor=sum(row.comp_minor for row in taken),
        comp_count=sum(row.comp_count for row in taken),
        nothing=nothing if nothing is not None and nothing.order_count else None,
    )


def issue(report: TillReport, number: int, previous_hash: str) -> tuple[TillReport, IssuedReport]:
    """The report under its number, sealed onto the chain, and what is stored of it."""
    content = canonical_json(replace(report, number=number, previous_hash="", hash=""))
    sealed = seal(previous_hash, content)
    whole = replace(report, number=number, previous_hash=previous_hash, hash=sealed)
    return whole, IssuedReport(number, content, previous_hash, sealed)


def canonical_json(report: TillReport) -> str:
    """The content that the hash covers: everything but the hashes."""
    content = asdict(report)
    del content["hash"], content["previous_hash"]
    # Most have none, and while a system is updated code that does not know these reads reports as well.
    if report.cash.approved_by is None:
        del content["cash"]["approved_by"]
    for name in ("comp_minor", "comp_count", "nothing"):
        if not content[name]:
            del content[name]
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_text)


def seal(previous_hash: str, content: str) -> str:
    """SHA-256 over the hash before and the content, in hexadecimal."""
    return hashlib.sha256((previous_hash + content).encode()).hexdigest()


def reopen(issued: IssuedReport) -> TillReport:
    """A stored report as a value. Raises ZReportTampered where its content is not what was sealed."""
    fault = _fault(issued, issued.previous_hash, issued.number)
    if fault:
        raise ZReportTampered(fault, metadata={"number": str(issued.number)})
    content: dict[str, Any] = json.loads(issued.content)
    cash = content["cash"]
    return TillReport(
        **{
            **content,
            "restaurant_id": UUID(content["restaurant_id"]),
            "till_session_id": UUID(content["till_session_id"]),
            "business_date": date.fromisoformat(content["business_date"]),
            "from_time": datetime.fromisoformat(content["from_time"]),
            "until_time": datetime.fromisoformat(content["until_time"]),
            "vat": tuple(VatTotal(**total) for total in content["vat"]),
            "tenders": tuple(
                TenderTotal(**{**total, "method": Method(total["method"])}) for total in content["tenders"]
            ),
            "staff": tuple(
                StaffTotal(**{**total, "user_id": UUID(total["user_id"])}) for total in content["staff"]
            ),
            "cash": Reconciliation(
                **{
                    **cash,
                    "totals": CashTotals(**cash["totals"]),
                    "approved_by": _optional_actor_in(cash.get("approved_by")),
                }
            ),
            "nothing": OfNothing(**content["nothing"]) if "nothing" in content else None,
            "drawer_events": tuple(_drawer_event_in(one) for one in content.get("drawer_events", ())),
        },
        previous_hash=issued.previous_hash,
        hash=issued.hash,
    )


def verify_chain(
    reports: Iterable[IssuedReport], *, after_number: int = 0, after_hash: str = GENESIS_HASH
) -> tuple[int, str]:
    """Walks reports in the order of their numbers, from the one after ``after_number``.

    Returns (number, hash) of the last one, to go on with the next page.
    Raises ZReportTampered at the first that is missing, altered or not sealed onto the one before it.
    """
    number, tip = after_number, after_hash
    for issued in reports:
        fault = _fault(issued, tip, number + 1)
        if fault:
            raise ZReportTampered(fault, metadata={"number": str(number + 1)})
        number, tip = issued.number, issued.hash
    return number, tip


def _fault(issued: IssuedReport, previous_hash: str, number: int) -> str:
    if issued.number != number:
        return f"Report {number} is missing."
    if issued.previous_hash != previous_hash:
        return f"Report {number} does not follow the one before it."
    if issued.hash != seal(previous_hash, issued.content):
        return f"Report {number} is not what was issued."
    if json.loads(issued.content).get("number") != number:
        return f"Report {number} carries another number inside."
    return ""


def _drawer_event_in(content: Mapping[str, Any]) -> DrawerEvent:
    return DrawerEvent(
        id=UUID(content["id"]),
        kind=DrawerKind(content["kind"]),
        amount_minor=content["amount_minor"],
        reason=content["reason"],
        at=datetime.fromisoformat(content["at"]),
        actor=_actor_in(content["actor"]),
        approved_by=_optional_actor_in(content["approved_by"]),
    )


def _actor_in(content: Mapping[str, Any]) -> Actor:
    return Actor(UUID(content["user_id"]), content["name"], content["device_id"])


def _optional_actor_in(content: Mapping[str, Any] | None) -> Actor | None:
    return None if content is None else _actor_in(content)


def _tenders(taken: Sequence[Taken]) -> tuple[TenderTotal, ...]:
    by_method = {method: [row for row in taken if row.method is method] for method in Method}
    return tuple(
        TenderTotal(
            method,
            sum(row.count for row in rows),
            sum(row.amount_minor for row in rows),
            sum(row.tip_minor for row in rows),
            sum(row.fee_minor for row in rows),
        )
        for method, rows in by_method.items()
        if rows
    )


def _staff(taken: Sequence[Taken]) -> tuple[StaffTotal, ...]:
    by_user: Mapping[UUID, list[Taken]] = {row.user_id: [] for row in taken}
    for row in taken:
        by_user[row.user_id].append(row)
    totals = (
        StaffTotal(
            user_id,
            max(row.name for row in rows),
            sum(row.count for row in rows),
            sum(row.amount_minor for row in rows),
        )
        for user_id, rows in by_user.items()
    )
    return tuple(sorted(totals, key=lambda total: (-total.amount_minor, str(total.user_id))))


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, (date, UUID)):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no canonical form")
