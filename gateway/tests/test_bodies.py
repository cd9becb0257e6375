"""What comes in is bounded, shallow and exactly typed."""

import json
from collections.abc import AsyncIterator

import pytest
from buf.validate import validate_pb2
from fynlo.common.v1.common_pb2 import RestaurantSettings
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect, Request

from chassis.errors import InvalidArgument
from chassis.instants import timestamp
from chassis.text import control_character, holds_card_number
from gateway import texts
from gateway.bodies import (
    _SUSPICIOUS,
    BODY_BYTES_MAX,
    FIELD_ERRORS_MAX,
    JSON_DEPTH_MAX,
    header,
    is_suspicious,
    read_bounded,
    read_json,
)
from gateway.numbers import EXACT_MAX, INT64_MAX
from gateway.rest.auth import LogInRequest as LogIn
from gateway.rest.catalog import Item as ItemIn
from gateway.rest.common import RestaurantSettings as SettingsIn
from gateway.rest.orders import DraftLine as LineIn
from gateway.rest.orders import OrderDraft as OrderIn
from gateway.rest.orders import ReserveTableRequest as ReservationIn
from gateway.rest.payments import TakePaymentRequest as PaymentIn

ITEM = "0198f0a0-0000-7000-8000-0000000000c1"
SETTINGS = {
    "name": "Casa Demo",
    "timezone": "Europe/London",
    "bill_mode": "inclusive_optional",
    "service_charge_bp": 1250,
    "day_cutoff_minutes": 240,
    "auto_complete": True,
}


def request_of(*chunks: bytes, content_type: str = "application/json", length: int | None = None) -> Request:
    """A request whose body arrives in ``chunks``."""
    headers = [(b"content-type", content_type.encode())]
    if length is not None:
        headers.append((b"content-length", str(length).encode()))
    waiting = iter(chunks)

    async def receive() -> dict[str, object]:
        chunk = next(waiting, None)
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    return Request({"type": "http", "method": "POST", "path": "/", "headers": headers}, receive)


async def reason_of(request: Request) -> InvalidArgument:
    with pytest.raises(InvalidArgument) as caught:
        await read_json(request, OrderIn)
    return caught.value


async def test_a_body_in_pieces_is_read_whole() -> None:
    whole = json.dumps({"item_id": ITEM, "quantity": 2}).encode()
    line = await read_json(request_of(whole[:7], whole[7:]), LineIn)
    assert (str(line.item_id), line.quantity, line.options) == (ITEM, 2, [])


RESERVATION = {"from": "2026-03-02T20:00:00+01:00", "minutes": 90, "name": "Okonkwo"}


async def test_a_time_in_a_body_is_an_instant_and_its_member_may_be_a_word_of_python() -> None:
    read = await read_json(request_of(json.dumps(RESERVATION).encode()), ReservationIn)
    assert timestamp(read.from_).ToJsonString() == "2026-03-02T19:00:00Z"


@pytest.mark.parametrize(
    "wrong", ["2026-03-02T20:00:00", "2026-03-02", "20:00", "2026-02-30T20:00:00Z", "", 1772481600, None]
)
async def test_what_is_no_instant_is_refused_by_the_member_s_name(wrong: object) -> None:
    body = json.dumps(RESERVATION | {"from": wrong}).encode()
    with pytest.raises(InvalidArgument) as refused:
        await read_json(request_of(body), ReservationIn)
    assert [error.field for error in refused.value.fields] == ["from"]


async def test_the_name_that_the_code_has_for_a_member_is_nobody_else_s() -> None:
    body = {name: value for name, value in RESERVATION.items() if name != "from"}
    with pytest.raises(InvalidArgument) as refused:
        await read_json(request_of(json.dumps(body | {"from_": RESERVATION["from"]}).encode()), ReservationIn)
    assert {error.field for error in refused.value.fields} == {"from", "from_"}


@pytest.mark.parametrize("raw", [b"{", b'{"a":1,}', b"[1,2", b"nonsense", b"\xff\xfe"])
async def test_malformed_json_is_named_as_such(raw: bytes) -> None:
    assert (await reason_of(request_of(raw))).reason == "MALFORMED_JSON"


async def test_an_unknown_field_is_refused_by_its_name() -> None:
    body = {"service_flow": "pay_later", "order_type": "takeaway", "lines": [], "total_minor": 1}
    problem = await reason_of(request_of(json.dumps(body).encode()))
    assert problem.reason == "INVALID_BODY"
    assert [(f.field, f.code) for f in problem.fields] == [("total_minor", "extra_forbidden")]


@pytest.mark.parametrize("quantity", ["2", 2.5, True, 0, -1, 1000, 2**63, None])
async def test_a_quantity_is_a_whole_number_from_1_to_999(quantity: object) -> None:
    body = {"item_id": ITEM, "quantity": quantity}
    with pytest.raises(InvalidArgument) as caught:
        await read_json(request_of(json.dumps(body).encode()), LineIn)
    assert caught.value.fields[0].field == "quantity"


@pytest.mark.parametrize("amount", [0, -5, 1.5, "100", 10**12])
async def test_a_payment_is_a_positive_whole_number_of_pence(amount: object) -> None:
    body = {"method": "cash", "amount_minor": amount}
    with pytest.raises(InvalidArgument):
        await read_json(request_of(json.dumps(body).encode()), PaymentIn)


@given(depth=st.integers(JSON_DEPTH_MAX - 3, JSON_DEPTH_MAX + 400), in_string=st.booleans())
async def test_depth_counts_brackets_outside_strings_only(depth: int, in_string: bool) -> None:
    nested = "[" * depth + "]" * depth
    raw = json.dumps({"note": nested}) if in_string else '{"note":' + nested + "}"
    problem = await reason_of(request_of(raw.encode()))
    too_deep = depth + 1 > JSON_DEPTH_MAX and not in_string
    assert (problem.reason == "MALFORMED_JSON") == too_deep


async def test_an_announced_giant_is_refused_before_it_is_read() -> None:
    async def never() -> dict[str, object]:
        raise AssertionError("the body was read")

    headers = [(b"content-length", str(BODY_BYTES_MAX + 1).encode())]
    request = Request({"type": "http", "method": "POST", "path": "/", "headers": headers}, never)
    with pytest.raises(InvalidArgument) as caught:
        await read_bounded(request)
    assert caught.value.reason == "BODY_TOO_LARGE"


async def test_a_stream_that_does_not_end_is_cut_off_at_the_limit() -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65_536
            yield b"x" * 65_536

    stream = endless()

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": await anext(stream), "more_body": True}

    request = Request({"type": "http", "method": "POST", "path": "/", "headers": []}, receive)
    with pytest.raises(InvalidArgument) as caught:
        await read_bounded(request)
    assert caught.value.reason == "BODY_TOO_LARGE"
    assert sent <= BODY_BYTES_MAX + 2 * 65_536


async def test_another_media_type_is_refused() -> None:
    problem = await reason_of(request_of(b"a=1", content_type="application/x-www-form-urlencoded"))
    assert problem.reason == "UNSUPPORTED_MEDIA_TYPE"


async def test_an_unknown_price_list_is_refused_with_those_that_there_are() -> None:
    body = json.dumps({**SETTINGS, "fee_preset": "generous"}).encode()
    with pytest.raises(InvalidArgument) as caught:
        await read_json(request_of(body), SettingsIn)
    [field] = caught.value.fields
    assert field.field == "fee_preset"
    assert all(name in field.detail for name in ("listed", "stripe_uk_online", "stripe_uk_in_person"))


async def test_every_price_list_of_the_contract_may_be_chosen() -> None:
    options = RestaurantSettings.DESCRIPTOR.fields_by_name["fee_preset"].GetOptions()
    known = getattr(options.Extensions[validate_pb2.field].string, "in")
    offered = SettingsIn.model_json_schema()["properties"]["fee_preset"]["enum"]
    assert list(known) == offered
    for name in known:
        body = await read_json(request_of(json.dumps({**SETTINGS, "fee_preset": name}).encode()), SettingsIn)
        assert body.fee_preset == name


LINE = {"item_id": ITEM, "quantity": 1}


def basket(*lines: str) -> bytes:
    """A body with these lines, as JSON."""
    return f'{{"service_flow":"pay_later","order_type":"takeaway","lines":[{",".join(lines)}]}}'.encode()


@pytest.mark.parametrize(
    ("note", "code"),
    [
        ("pays with 4111 1111 1111 1111", "card_number"),
        ("\\u0034111111111111111", "card_number"),
        ("４１１１１１１１１１１１１１１１", "card_number"),
        ("no onions\\u001b[2J", "control_character"),
        ("no onions\\r", "control_character"),
        ("no onions\u0085", "control_character"),
    ],
)
async def test_what_must_not_be_stored_is_refused_with_its_field(note: str, code: str) -> None:
    line = json.dumps({**LINE, "note": "@"}).replace("@", note)
    with pytest.raises(InvalidArgument) as caught:
        await read_json(request_of(basket(line)), OrderIn)
    assert [(field.field, field.code) for field in caught.value.fields] == [("lines.0.note", code)]


PIECES = st.sampled_from(
    [b"4111", b"2", b"9", b"0000000", b" ", b".", b"-", b"--", b"\\n", b"\\", b'"', b"a,{"]
)


@example(b"a4" + b" 0" * 12 + b"a")
@example(b"a4" + b" 0" * 11 + b"a")
@given(st.lists(PIECES, max_size=40).map(b"".join))
def test_the_quick_look_finds_every_body_that_the_expression_finds(raw: bytes) -> None:
    assert is_suspicious(raw) == bool(_SUSPICIOUS.search(raw))


FIELDS = st.lists(st.tuples(st.sampled_from([b"a", b"b", b"if-match"]), st.binary(max_size=8)), max_size=6)


@given(FIELDS, st.sampled_from(["a", "b", "if-match"]))
def test_a_header_field_is_what_starlette_says(fields: list[tuple[bytes, bytes]], name: str) -> None:
    request = Request({"type": "http", "headers": fields})
    assert header(request, name.encode()) == request.headers.get(name)


async def test_a_client_that_goes_away_in_its_body_has_sent_none() -> None:
    first: dict[str, object] = {"type": "http.request", "body": b"{", "more_body": True}
    last: dict[str, object] = {"type": "http.disconnect"}
    messages = iter([first, last])

    async def receive() -> dict[str, object]:
        return next(messages)

    request = Request({"type": "http", "method": "POST", "path": "/", "headers": []}, receive)
    with pytest.raises(ClientDisconnect):
        await read_bounded(request)


async def menu_version_in(number: str) -> int | None:
    raw = basket(json.dumps(LINE))[:-1] + f',"menu_version":{number}}}'.encode()
    return (await read_json(request_of(raw), OrderIn)).menu_version


@pytest.mark.parametrize("number", ["150", "150.0", "1.5e2", "15E1", "150.000", "1500e-1"])
async def test_a_whole_number_is_one_however_it_is_written(number: str) -> None:
    assert await menu_version_in(number) == 150


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("150.5", "valid integer"),
        ('"150.0"', "valid integer"),
        ("true", "valid integer"),
        ("1e400", "valid integer"),
        ("9007199254740992.0", "write its digits"),
        ("9007199254740993.0", "write its digits"),
        ("1e18", "write its digits"),
        (str(2**63), "less than or equal"),
    ],
)
async def test_no_number_is_taken_for_another_one(number: str, told: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        await menu_version_in(number)
    [field] = caught.value.fields
    assert (field.field, told in field.detail) == ("menu_version", True)


async def test_digits_are_exact_as_far_as_the_services_know_numbers() -> None:
    for number in (2**53 - 1, 2**53 + 1, INT64_MAX):
        assert await menu_version_in(str(number)) == number
    assert await menu_version_in("9007199254740991.0") == EXACT_MAX


@pytest.mark.parametrize("names", [FIELD_ERRORS_MAX, 50_000])
async def test_a_body_full_of_errors_is_refused_in_a_few_words(names: int) -> None:
    raw = basket(json.dumps(LINE))[:-1] + b"".join(b',"x%d":1' % name for name in range(names)) + b"}"
    with pytest.raises(InvalidArgument) as caught:
        await read_json(request_of(raw), OrderIn)
    assert caught.value.reason == "INVALID_BODY"
    assert len(caught.value.fields) == (names if names <= FIELD_ERRORS_MAX else 0)
    assert str(names) in caught.value.detail or names <= FIELD_ERRORS_MAX


@pytest.mark.parametrize(
    ("pattern", "kept"), [(texts.ONE_LINE, False), (texts.LINES, True)], ids=["one line", "lines"]
)
def test_the_document_says_which_characters_a_text_may_have(pattern: str, kept: bool) -> None:
    told = {chr(code) for code in range(0x110000) if not texts.matches(pattern, f"a{chr(code)}b")}
    refused = {chr(code) for code in range(0x110000) if control_character(chr(code), lines=kept)}
    assert told == refused


async def test_a_note_has_lines_and_a_device_id_has_not() -> None:
    note = "no onions\n\tno garlic, table 4"
    body = await read_json(request_of(basket(json.dumps({**LINE, "note": note}))), OrderIn)
    assert body.lines[0].note == note
    forged = {"email": "a@b.test", "password": "x", "device_id": "d\n12:00:00 auth  logged in"}
    with pytest.raises(InvalidArgument) as caught:
        await read_json(request_of(json.dumps(forged).encode()), LogIn)
    assert caught.value.fields[0].field == "device_id"


async def test_a_password_may_be_anything() -> None:
    told = {"email": "a@b.test", "password": "4111111111111111\t\x1b"}
    assert (await read_json(request_of(json.dumps(told).encode()), LogIn)).password == told["password"]


async def test_a_barcode_that_looks_like_a_card_is_no_card_where_a_barcode_belongs() -> None:
    barcode = "5012345671093"
    assert holds_card_number(barcode)
    body = {"category_id": ITEM, "name": "Cola", "price_minor": 200, "vat_class": "alcohol"}
    item = await read_json(request_of(json.dumps({**body, "barcode": barcode}).encode()), ItemIn)
    assert item.barcode == barcode
    with pytest.raises(InvalidArgument) as caught:
        await read_json(request_of(json.dumps({**body, "name": barcode}).encode()), ItemIn)
    assert [(one.field, one.code) for one in caught.value.fields] == [("name", "card_number")]
