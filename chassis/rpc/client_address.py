"""Whose request it is: the network address of the client behind proxies of our own.

A proxy appends the address that it was called from to X-Forwarded-For, so only what our own proxies wrote can
be believed: read from the right, the first address that is none of ours is the client (MDN, X-Forwarded-For,
"Selecting an IP address"). Whatever a client wrote itself stands left of that and is never looked at.
"""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Annotated

from pydantic import BeforeValidator

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

ADDRESS_CHARS_MAX = 64
SUBSCRIBER_PREFIX_BITS = 64
"""One subscriber of IPv6 holds a network of this size, and may call from any address in it."""
CACHED_ADDRESSES = 4_096
_MAPPED_PREFIX_BITS = 96


def network_of(text: object) -> Network:
    """An address, or a network in CIDR notation. Raises ValueError that names what is neither."""
    try:
        network = ip_network(str(text).strip())
    except ValueError as error:
        raise ValueError(f"{text!r} is no address and no network: {error}") from None
    if isinstance(network, IPv6Network) and network.prefixlen >= _MAPPED_PREFIX_BITS:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return IPv4Network((mapped, network.prefixlen - _MAPPED_PREFIX_BITS))
    return network


Networks = tuple[Annotated[Network, BeforeValidator(network_of)], ...]
"""As a setting: a JSON list of texts."""


def address_of(text: str) -> Address | None:
    """``1.2.3.4``, ``1.2.3.4:80``, ``2001:db8::1`` or ``[2001:db8::1]:80``; an IPv4 address that is mapped
    into IPv6 is the IPv4 address. None for anything else.
    """
    text = text.strip()
    if not text or len(text) > ADDRESS_CHARS_MAX:
        return None
    if text.startswith("["):
        host, closed, port = text[1:].partition("]")
        if not closed or (port and not _is_port(port)):
            return None
        return _ip(host, 6)
    host, colon, port = text.partition(":")
    if colon and ":" not in port:
        return _ip(host, 4) if _is_port(colon + port) else None
    return _ip(text)


def _is_port(text: str) -> bool:
    digits = text[1:]
    return text[0] == ":" and digits.isascii() and digits.isdigit() and int(digits[:6]) <= 65_535


def _ip(host: str, version: int | None = None) -> Address | None:
    try:
        # The zone of a link-local address means something to the machine that wrote it alone.
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    if version is not None and address.version != version:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def client_of(peer: str, forwarded: Sequence[str], trusted: Networks) -> Address | None:
    """The client of a request that came from ``peer``; ``forwarded``: all lines of X-Forwarded-For, in order.

    ``trusted`` are our own proxies. Where all addresses are trusted it is the farthest of them; what a proxy
    wrote that is no address ends the way at that proxy. None: ``peer`` is no network address.
    """
    found = _known(peer)
    if found is None or not forwarded or not _is_in(found, trusted):
        return found
    for hop in reversed(",".join(forwarded).split(",")):
        if not hop.strip():
            continue
        address = address_of(hop)
        if address is None:
            return found
        found = address
        if not _is_in(address, trusted):
            return found
    return found


def is_trusted(peer: str, trusted: Networks) -> bool:
    """Whether ``peer`` is one of our own proxies."""
    address = _known(peer)
    return address is not None and _is_in(address, trusted)


def _is_in(address: Address, networks: Networks) -> bool:
    return any(address in network for network in networks)


def bucket_of(address: Address | None) -> str:
    """The key that an address is limited by: all of a subscriber's IPv6 addresses share one. "unknown"
    where there is no address.
    """
    if address is None:
        return "unknown"
    if isinstance(address, IPv6Address):
        network = ip_network((address, SUBSCRIBER_PREFIX_BITS), strict=False)
        return str(network.network_address)
    return str(address)


@lru_cache(CACHED_ADDRESSES)
def bucket_of_peer(peer: str) -> str:
    """The key of whoever calls without a proxy between."""
    return bucket_of(_known(peer))


@lru_cache(CACHED_ADDRESSES)
def _known(peer: str) -> Address | None:
    return address_of(peer)
