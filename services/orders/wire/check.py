"""Checks as messages, and what a request wants them to be."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from uuid import UUID

from fynlo.orders.v1 import checks_pb2
from fynlo.orders.v1 import checks_service_pb2 as checks_api

from services.orders.domain.check import (
    Check,
    Group,
    Share,
    Split,
    Sums,
    WantedShare,
    WantedSplit,
)
from services.orders.domain.spread import told_before_rates
from services.orders.pricing import VatGroup
from services.orders.wire import enums


def wanted_split(request: checks_api.SplitOrderRequest) -> WantedSplit:
    """What the request asks for."""
    return WantedSplit(
        mode=enums.SPLIT_MODE_OF[request.mode],
        ways=request.ways,
        groups=tuple(_group(group) for group in request.groups),
        base_version=request.base_version,
    )


def split_message(split: Split) -> checks_pb2.Split:
    """All of it, as an order has it."""
    return checks_pb2.Split(
        mode=enums.SPLIT_MODE[split.mode], ways=split.ways, checks=check_messages(split.checks)
    )


def split_of(message: checks_pb2.Split, of_order: Sequence[VatGroup]) -> Split:
    """The way back. ``of_order`` is the order's VAT: checks from before they told theirs by rate have it of
    that."""
    checks = message.checks
    told = [
        tuple(VatGroup(group.rate_bp, group.gross_minor, group.vat_minor) for group in check.vat)
        for check in checks
    ]
    if not any(told):
        told = told_before_rates(
            of_order,
            [check.goods_minor for check in checks],
            [check.total_minor for check in checks],
            [check.vat_minor for check in checks],
        )
    found = tuple(_check_of(check, vat) for check, vat in zip(checks, told, strict=True))
    return Split(enums.SPLIT_MODE_OF[message.mode], found, message.ways)


def check_messages(checks: Iterable[Check]) -> list[checks_pb2.Check]:
    """Each with what is due, and how far it is paid."""
    return [
        checks_pb2.Check(
            id=str(check.id),
            label=check.label,
            lines=[
                checks_pb2.CheckLine(line_id=str(share.line_id), share=str(share.part))
                for share in check.shares
            ],
            goods_minor=check.sums.goods_minor,
            discount_minor=check.sums.discount_minor,
            service_charge_minor=check.sums.service_charge_minor,
            vat_minor=check.sums.vat_minor,
            vat=[
                checks_pb2.CheckVat(
                    rate_bp=group.rate_bp, gross_minor=group.gross_minor, vat_minor=group.vat_minor
                )
                for group in check.sums.vat
            ],
            total_minor=check.sums.total_minor,
            paid_minor=check.paid_minor,
            due_minor=check.due_minor,
            state=enums.CHECK_STATE[check.state],
            kind=enums.CHECK_KIND[check.kind],
            seats=check.seats,
            asked_minor=check.asked_minor,
            asked_bp=check.asked_bp,
        )
        for check in checks
    ]


def _check_of(message: checks_pb2.Check, vat: tuple[VatGroup, ...]) -> Check:
    return Check(
        id=UUID(message.id),
        label=message.label,
        kind=enums.CHECK_KIND_OF[message.kind],
        sums=Sums(
            goods_minor=message.goods_minor,
            discount_minor=message.discount_minor,
            service_charge_minor=message.service_charge_minor,
            vat=vat,
            total_minor=message.total_minor,
        ),
        paid_minor=message.paid_minor,
        shares=tuple(Share(UUID(line.line_id), Fraction(line.share)) for line in message.lines),
        seats=tuple(message.seats),
        asked_minor=message.asked_minor,
        asked_bp=message.asked_bp,
    )


def _group(group: checks_api.CheckGroup) -> Group:
    return Group(
        label=group.label.strip(),
        shares=tuple(
            WantedShare(UUID(line.line_id), Fraction(line.share) if line.share else None)
            for line in group.lines
        ),
        seats=tuple(group.seats),
        amount_minor=group.amount_minor,
        bp=group.percentage_bp,
    )
