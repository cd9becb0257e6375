"""``fynlo.rt.v1``: JSON text frames in and out. Pure: no socket, no clock, no state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from services.realtime.codes import Close, Code, State
from services.realtime.limits import CHANNEL_CHARS, CHANNELS_PER_CONNECTION, ID_CHARS, STATIONS_PER_DEVICE

SUBPROTOCOL: Final = "fynlo.rt.v1"
VERSION: Final = 1
DEVICE_KINDS: Final = frozenset({"ipad", "kds", "web"})
POSITION_MAX: Final = 2**53 - 1
"""Beyond it JavaScript cannot count."""

_TEXT = 0x81
_CLOSE = 0x88
_PONG = 0x8A


class BadFrame(Exception):
    """A client's frame that breaks the protocol; ``close``: with which code the connection ends."""

    def __init__(self, detail: str, close: Close = Close.PROTOCOL) -> None:
        super().__init__(detail)
        self.close = close


@dataclass(slots=True)
class Want:
    """A channel that a client wants, and where it stands: all up to ``seq`` of ``epoch`` is applied."""

    channel: str
    epoch: str | None
    seq: int


@dataclass(slots=True)
class Hello:
    """The first frame: who, with which device, and all subscriptions at once."""

    id: Any
    token: str
    device_id: str
    kind: str
    stations: tuple[str, ...]
    wants: list[Want]


@dataclass(slots=True)
class Sub:
    """Subscribes, or continues a subscription from an older position."""

    id: Any
    want: Want


@dataclass(slots=True)
class Unsub:
    """Ends a subscription."""

    id: Any
    channel: str


@dataclass(slots=True)
class Pong:
    """Answers a ping; may carry acknowledgements."""

    acks: Mapping[str, int]


@dataclass(slots=True)
class Ack:
    """Everything up to these positions is applied and stored on the device."""

    acks: Mapping[str, int]


@dataclass(slots=True)
class Auth:
    """A fresh token on a living connection."""

    id: Any
    token: str


@dataclass(slots=True)
class Unknown:
    """A well-formed frame of a type that this version does not know; answered, not punished."""

    id: Any


ClientFrame = Hello | Sub | Unsub | Pong | Ack | Auth | Unknown


def parse(raw: bytes) -> ClientFrame:
    """A client's text frame. Raises BadFrame."""
    try:
        frame = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        try:
            raw.decode()
        except UnicodeDecodeError:
            raise BadFrame("not UTF-8", Close.BAD_TEXT) from error
        raise BadFrame("not JSON") from error
    if type(frame) is not dict:
        raise BadFrame("not an object")
    kind = frame.get("t")
    if kind == "pong":
        return Pong(_acks(frame.get("ack")))
    if kind == "ack":
        return Ack(_acks(frame.get("ack")))
    if kind == "hello":
        return _hello(frame)
    if kind == "sub":
        return Sub(_id(frame), _want(frame))
    if kind == "unsub":
        return Unsub(_id(frame), _channel(frame.get("ch")))
    if kind == "auth":
        return Auth(_id(frame), _token(frame))
    if type(kind) is not str:
        raise BadFrame("no type")
    return Unknown(_id(frame))


def _hello(frame: dict[str, Any]) -> Hello:
    if frame.get("v") != VERSION:
        raise BadFrame("unsupported version")
    device = frame.get("device", {})
    subs = frame.get("subs", [])
    if type(device) is not dict or type(subs) is not list or len(subs) > CHANNELS_PER_CONNECTION:
        raise BadFrame("bad device or too many subs")
    if not all(type(sub) is dict for sub in subs):
        raise BadFrame("bad subs")
    kind = device.get("kind", "web")
    if kind not in DEVICE_KINDS:
        raise BadFrame("unknown kind of device")
    stations = device.get("stations") or []
    if type(stations) is not list or len(stations) > STATIONS_PER_DEVICE:
        raise BadFrame("bad stations")
    return Hello(
        id=_id(frame),
        token=_token(frame),
        device_id=_text(device.get("id") or "", "device id"),
        kind=kind,
        stations=tuple(_text(station, "station") for station in stations),
        wants=[_want(sub) for sub in subs],
    )


def _want(frame: Mapping[str, Any]) -> Want:
    epoch, seq = frame.get("e"), frame.get("s")
    channel = _channel(frame.get("ch"))
    if epoch is None or seq is None:
        return Want(channel, None, 0)
    return Want(channel, _text(epoch, "epoch"), _position(seq))


def _acks(value: Any) -> Mapping[str, int]:
    if value is None:
        return {}
    if type(value) is not dict or len(value) > CHANNELS_PER_CONNECTION:
        raise BadFrame("bad ack")
    return {channel: _position(seq) for channel, seq in value.items()}


def _channel(value: Any) -> str:
    if type(value) is not str or not 0 < len(value) <= CHANNEL_CHARS:
        raise BadFrame("bad channel")
    return value


def _position(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= POSITION_MAX:
        raise BadFrame("bad position")
    return value


def _text(value: Any, name: str) -> str:
    if type(value) is not str or len(value) > ID_CHARS:
        raise BadFrame(f"bad {name}")
    return value


def _token(frame: Mapping[str, Any]) -> str:
    token = frame.get("token")
    if type(token) is not str or not token:
        raise BadFrame("no token")
    return token


def _id(frame: Mapping[str, Any]) -> Any:
    value = frame.get("id")
    if value is None or type(value) is int or (type(value) is str and len(value) <= ID_CHARS):
        return value
    raise BadFrame("bad id")


# --- frames out: bytes ready for the socket ---------------------------------------------------------------


def text_frame(payload: bytes) -> bytes:
    """An unmasked, final WebSocket text frame (RFC 6455): built once, written to every socket."""
    return _header(_TEXT, len(payload)) + payload


def pong_frame(payload: bytes) -> bytes:
    """The answer to a WebSocket ping."""
    return _header(_PONG, len(payload)) + payload


def close_frame(code: Close, why: str) -> bytes:
    """A WebSocket close frame."""
    payload = int(code).to_bytes(2, "big") + why.encode()
    return _header(_CLOSE, len(payload)) + payload


def _header(opcode: int, length: int) -> bytes:
    if length < 126:
        return bytes((opcode, length))
    if length < 65_536:
        return bytes((opcode, 126)) + length.to_bytes(2, "big")
    return bytes((opcode, 127)) + length.to_bytes(8, "big")


def frame(content: Mapping[str, Any]) -> bytes:
    """One JSON object as a text frame."""
    return text_frame(orjson.dumps(content))


def sub_entry(
    channel: str, epoch: str | None, seq: int | None, state: State, code: Code | None
) -> dict[str, Any]:
    """What became of one wanted channel; the body of ``sub_ok`` and of an entry in ``welcome``."""
    entry: dict[str, Any] = {"ch": channel, "e": epoch, "s": seq, "st": state.value}
    if code is not None:
        entry["code"] = code.value
    return entry


def welcome(
    hello_id: Any,
    connection: str,
    now_ms: int,
    expires: int,
    heartbeat: tuple[float, float],
    subs: Sequence[Any],
) -> bytes:
    """Answers a hello. ``expires``: Unix seconds; ``heartbeat``: interval and time-out in seconds."""
    content: dict[str, Any] = {
        "t": "welcome",
        "id": hello_id,
        "conn": connection,
        "now": now_ms,
        "exp": expires,
    }
    content |= {"hb": int(heartbeat[0]), "hbt": int(heartbeat[1]), "subs": subs}
    return frame(content)


def sub_ok(sub_id: Any, entry: Mapping[str, Any]) -> bytes:
    """Answers a sub."""
    return frame({"t": "sub_ok", "id": sub_id, **entry})


def unsub(channel: str, code: Code, unsub_id: Any = None) -> bytes:
    """A subscription ended: asked for, forbidden from now on, or to be made anew (``resync``)."""
    content = {"t": "unsub", "ch": channel, "code": code.value}
    return frame(
        content if unsub_id is None else {"t": "unsub", "id": unsub_id, "ch": channel, "code": code.value}
    )


def synced(channel: str, seq: int) -> bytes:
    """From here on live."""
    return frame({"t": "synced", "ch": channel, "s": seq})


def skip(channel: str, epoch: str, after: int, seq: int) -> bytes:
    """Of the events after ``after`` up to ``seq`` only the newest per key follow; gaps among them are
    meant.
    """
    return frame({"t": "skip", "ch": channel, "e": epoch, "from": after, "s": seq})


def ping(number: int, tops: Mapping[str, int]) -> bytes:
    """Heartbeat with the newest position of every subscribed channel."""
    return frame({"t": "ping", "n": number, "top": tops})


def auth_req(seconds: int) -> bytes:
    """The token expires in so many seconds: send a new one."""
    return frame({"t": "auth_req", "in": seconds})


def auth_ok(auth_id: Any, expires: int) -> bytes:
    """The new token counts."""
    return frame({"t": "auth_ok", "id": auth_id, "exp": expires})


def err(frame_id: Any, code: Code, retry_ms: int | None = None) -> bytes:
    """A frame was refused; the connection goes on. With ``retry_ms`` it is worth another try."""
    content: dict[str, Any] = {"t": "err", "id": frame_id, "code": code.value, "temp": retry_ms is not None}
    if retry_ms is not None:
        content["retry_ms"] = retry_ms
    return frame(content)


def bye(code: Close, retry_ms: int | None = None, why: str | None = None) -> bytes:
    """The last frame before the close frame."""
    content: dict[str, Any] = {"t": "bye", "code": int(code), "reconnect": code.reconnect}
    if retry_ms is not None:
        content["retry_ms"] = retry_ms
    return frame(content | {"why": why or code.why})
