"""The table of rights says what contracts and code say."""

from typing import Any, cast

from google.protobuf.message import Message

from chassis.auth.trust import REVOKED_SUBJECT
from chassis.clock import SystemClock
from chassis.db.migrations import migrated_services
from chassis.messaging.channels import OWNERS
from deploy.access.events import CHANNEL_OWNERS, CONSUMES, HEARS, NOTES, PROCESSES, PUBLISHERS, REVOCATIONS
from deploy.access.valkey import KEYS
from deploy.local.provision import SERVICES
from gateway.limits import KEY_PREFIX
from gateway.menu_cache import CHANGES_SUBJECT
from services.catalog.consumers import handlers as catalog_handlers
from services.orders.consumers import handlers as orders_handlers
from services.payments.consumers import handlers as payments_handlers
from services.realtime.engine import KDS_SUBJECT
from services.staff.consumers import HANDLERS as STAFF_HANDLERS
from tests.access.contracts import event_types, method_options


def names(handlers: Any) -> set[str]:
    kinds = cast(dict[type[Message], object], handlers)
    return {kind.DESCRIPTOR.full_name for kind in kinds}


def test_a_service_may_consume_exactly_what_it_handles() -> None:
    nothing: Any = None
    handled = {
        "catalog": names(catalog_handlers(SystemClock())),
        "orders": names(orders_handlers(nothing)),
        "payments": names(payments_handlers(nothing)),
        "staff": names(STAFF_HANDLERS),
    }
    assert {service: set(kinds) for service, kinds in CONSUMES.items()} == handled


def test_a_service_publishes_when_its_contract_has_events() -> None:
    assert {event_type.split(".")[1] for event_type in event_types()} == set(PUBLISHERS)
    consumed = {kind for kinds in CONSUMES.values() for kind in kinds}
    assert consumed <= set(event_types())


def test_what_is_heard_as_it_is_published_is_what_the_code_listens_to() -> None:
    assert set(CHANNEL_OWNERS) == set(OWNERS)
    assert set(HEARS["gateway"]) == {REVOKED_SUBJECT, CHANGES_SUBJECT}
    assert set(HEARS["realtime"]) == {REVOKED_SUBJECT, *(f"fynlo.{owner}.v1.*.*" for owner in OWNERS)}
    assert REVOCATIONS == REVOKED_SUBJECT
    assert NOTES["realtime"] == (KDS_SUBJECT,)


def test_every_process_has_an_account_and_valkey_is_the_gateways() -> None:
    assert set(PROCESSES) == {*SERVICES, "gateway"}
    assert {"gateway": f"{KEY_PREFIX}*"} == KEYS


def test_callers_are_named_where_a_method_is_for_services_and_exist() -> None:
    known = {*PROCESSES, "seed"}
    for method, options in method_options().items():
        assert set(options.callers) <= known, method
        assert options.callers or not options.service_only, f"nobody may call {method}"
        assert not (options.public and options.callers), f"everybody may call {method}"


def test_refusals_are_reported_by_exactly_those_who_have_no_database_for_them() -> None:
    reporting = method_options()["/fynlo.auth.v1.AuthService/ReportRefusals"]
    assert reporting.service_only
    assert set(reporting.callers) == set(PROCESSES) - set(migrated_services())


def test_no_process_settles_a_parked_event_as_itself() -> None:
    rules = {method: rule for method, rule in method_options().items() if "ParkedEventsService/" in method}
    assert len(rules) == 4
    assert {(rule.permission, rule.callers, rule.public) for rule in rules.values()} == {
        ("platform.operate", (), False)
    }
