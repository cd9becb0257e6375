"""The client's address is what our own proxies say, however a client forges the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.rpc.client_address import address_of, bucket_of, client_of, is_trusted, network_of

OURS = ["10.0.0.0/8", "192.0.2.7", "2001:db8:aaaa::/48", "::ffff:172.16.0.0/108"]
TRUSTED = tuple(map(network_of, OURS))

# (peer, lines of X-Forwarded-For, the client)
CASES = [
    # Nobody of ours in between: the header is the caller's own word.
    ("203.0.113.9", [], "203.0.113.9"),
    ("203.0.113.9", ["1.2.3.4"], "203.0.113.9"),
    ("203.0.113.9", ["10.0.0.1"], "203.0.113.9"),
    ("::ffff:203.0.113.9", ["1.2.3.4"], "203.0.113.9"),
    # One proxy of ours.
    ("10.0.0.1", [], "10.0.0.1"),
    ("10.0.0.1", ["198.51.100.4"], "198.51.100.4"),
    ("10.0.0.1", ["6.6.6.6, 198.51.100.4"], "198.51.100.4"),
    ("10.0.0.1", ["10.9.9.9, 198.51.100.4"], "198.51.100.4"),
    ("192.0.2.7", ["198.51.100.4"], "198.51.100.4"),
    ("192.0.2.8", ["198.51.100.4"], "192.0.2.8"),
    ("172.16.0.1", ["198.51.100.4"], "198.51.100.4"),
    ("::ffff:10.0.0.1", ["198.51.100.4"], "198.51.100.4"),
    ("2001:db8:aaaa::1", ["198.51.100.4"], "198.51.100.4"),
    # The client sent a line of its own, and the proxy added another instead of appending.
    ("10.0.0.1", ["6.6.6.6", "198.51.100.4"], "198.51.100.4"),
    ("10.0.0.1", ["6.6.6.6, 7.7.7.7", "8.8.8.8", "198.51.100.4"], "198.51.100.4"),
    ("10.0.0.1", ["198.51.100.4", ""], "198.51.100.4"),
    ("10.0.0.1", ["6.6.6.6, 198.51.100.4,, ,"], "198.51.100.4"),
    # Two proxies of ours, in one line and in two.
    ("10.0.0.1", ["6.6.6.6, 198.51.100.4, 10.0.0.2"], "198.51.100.4"),
    ("10.0.0.1", ["6.6.6.6, 198.51.100.4", "10.0.0.2"], "198.51.100.4"),
    ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
    # The forms that proxies write.
    ("10.0.0.1", ["198.51.100.4:51234"], "198.51.100.4"),
    ("10.0.0.1", ["[2001:db8::5]:51234"], "2001:db8::5"),
    ("10.0.0.1", ["[2001:db8::5]"], "2001:db8::5"),
    ("10.0.0.1", ["2001:db8::5"], "2001:db8::5"),
    ("10.0.0.1", ["2001:DB8:0:0::5"], "2001:db8::5"),
    ("10.0.0.1", ["fe80::5%eth0"], "fe80::5"),
    ("10.0.0.1", ["::ffff:198.51.100.4"], "198.51.100.4"),
    ("10.0.0.1", ["[::ffff:198.51.100.4]:443"], "198.51.100.4"),
    ("10.0.0.1", ["198.51.100.4, ::ffff:10.0.0.2"], "198.51.100.4"),
    ("10.0.0.1", ["198.51.100.4, 10.0.0.2:8443"], "198.51.100.4"),
    ("10.0.0.1", ["198.51.100.4, [2001:db8:aaaa::9]:1"], "198.51.100.4"),
    # No address: what stands left of it may be the client's own word.
    ("10.0.0.1", ["6.6.6.6, unknown"], "10.0.0.1"),
    ("10.0.0.1", ["6.6.6.6, _hidden, 10.0.0.2"], "10.0.0.2"),
    ("10.0.0.1", ["6.6.6.6, 198.51.100.4:99999"], "10.0.0.1"),
    ("10.0.0.1", ["6.6.6.6, 198.51.100.4:"], "10.0.0.1"),
    ("10.0.0.1", ["6.6.6.6, 0x7f.1"], "10.0.0.1"),
    ("10.0.0.1", ["6.6.6.6, 198.051.100.004"], "10.0.0.1"),
    ("10.0.0.1", ["6.6.6.6, [198.51.100.4]:80"], "10.0.0.1"),
    ("10.0.0.1", ["6.6.6.6, " + "1" * 100], "10.0.0.1"),
    ("10.0.0.1", ["6.6.6.6, [2001:db8::5]x"], "10.0.0.1"),
    ("10.0.0.1", ["6.6.6.6, ١٩٨.51.100.4"], "10.0.0.1"),
]


@pytest.mark.parametrize(("peer", "forwarded", "client"), CASES)
def test_the_client_is_the_rightmost_address_that_is_none_of_our_proxies(
    peer: str, forwarded: list[str], client: str
) -> None:
    assert str(client_of(peer, forwarded, TRUSTED)) == client


@given(st.lists(st.text(st.characters(codec="latin-1"), max_size=40), max_size=6))
def test_whatever_a_client_writes_stands_left_of_what_our_proxy_adds(forged: list[str]) -> None:
    assert str(client_of("10.0.0.1", [*forged, "198.51.100.4"], TRUSTED)) == "198.51.100.4"
    joined = ",".join([*forged, "198.51.100.4"])
    assert str(client_of("10.0.0.1", [joined], TRUSTED)) == "198.51.100.4"
    assert str(client_of("203.0.113.9", forged, TRUSTED)) == "203.0.113.9"


@pytest.mark.parametrize("peer", ["", "testclient", "/run/gateway.sock"])
def test_who_has_no_address_is_nobody(peer: str) -> None:
    assert client_of(peer, ["198.51.100.4"], TRUSTED) is None
    assert not is_trusted(peer, TRUSTED)
    assert bucket_of(None) == "unknown"


@pytest.mark.parametrize(
    ("address", "bucket"),
    [
        ("198.51.100.4", "198.51.100.4"),
        ("::ffff:198.51.100.4", "198.51.100.4"),
        ("::ffff:198.51.100.5", "198.51.100.5"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
    ],
)
def test_a_subscriber_of_ipv6_is_one_and_every_ipv4_address_is_one(address: str, bucket: str) -> None:
    assert bucket_of(address_of(address)) == bucket


@pytest.mark.parametrize("wrong", ["10.0.0.1/8", "proxy.internal", "1", "", "10.0.0.0/33"])
def test_a_trusted_proxy_that_is_no_network_is_refused_by_name(wrong: str) -> None:
    with pytest.raises(ValueError, match="is no address and no network"):
        network_of(wrong)
