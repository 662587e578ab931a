"""Which mail servers a user may name: W-10, row by row, and whatever wraps a refused address."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.mail.servers import HostRefused, MailServer, Reach, host_name


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "100.127.255.255", "0.0.0.0", "0.1.2.3", "192.0.0.8", "192.0.2.1",
        "192.88.99.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
        "239.255.255.255", "240.0.0.1", "255.255.255.255",
        "::1", "::", "fe80::1", "fc00::1", "fdff::1", "ff02::1", "2001:db8::1", "3fff::1", "2001::1",
        "2001:10::1", "2001:20::1", "100::1", "5f00::1", "fec0::1", "64:ff9b:1::1", "::127.0.0.1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::",
        "2002:a9fe:a9fe::1", "fe80::1%eth0", "2606:4700::1111%eth0", "", "localhost", "127.1",
    ],
)  # fmt: skip
def test_these_addresses_are_not_reached(address: str) -> None:
    """W-10: loopback, private, link-local, shared, multicast, documentation, and what wraps them."""
    assert not Reach().allows(address)


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.32.0.1", "11.0.0.1", "192.167.255.255",
        "2606:4700:4700::1111", "2a01:4f8::1", "2400:cb00::1", "::ffff:8.8.8.8", "64:ff9b::808:808",
        "2002:808:808::1",
    ],
)  # fmt: skip
def test_the_public_internet_is_reached(address: str) -> None:
    assert Reach().allows(address)


@given(st.ip_addresses(v=4))
def test_a_wrapped_address_is_judged_as_what_it_wraps(address: ipaddress.IPv4Address) -> None:
    """W-10: IPv4-mapped, NAT64 and 6to4 change nothing; what Python calls not global is never reached."""
    number, reach = int(address), Reach()
    mapped = ipaddress.IPv6Address((0xFFFF << 32) | number)
    nat64 = ipaddress.IPv6Address((0x64FF9B << 96) | number)
    six_to_four = ipaddress.IPv6Address((0x2002 << 112) | (number << 80) | 1)
    verdicts = {reach.allows(str(one)) for one in (address, mapped, nat64, six_to_four)}
    assert len(verdicts) == 1
    if not address.is_global or address.is_multicast:
        assert verdicts == {False}


@given(st.ip_addresses(v=6))
def test_nothing_beyond_what_python_calls_global(address: ipaddress.IPv6Address) -> None:
    if Reach().allows(str(address)) and address not in ipaddress.ip_network("64:ff9b::/96"):
        assert address.is_global or address.ipv4_mapped is not None or address.sixtofour is not None


def test_one_bad_address_spoils_the_name() -> None:
    """W-10: a name that leads to a public and to a private address is no way in."""
    assert Reach().allows_all(["8.8.8.8", "1.1.1.1"])
    assert not Reach().allows_all(["8.8.8.8", "10.0.0.1"])


def test_an_operator_lets_networks_in() -> None:
    """Only these networks, also in their IPv6 dress; the others stay closed."""
    reach = Reach((ipaddress.ip_network("10.1.0.0/16"), ipaddress.ip_network("fd00:1::/32")))
    inside = ["10.1.2.3", "::ffff:10.1.2.3", "fd00:1::5"]
    outside = ["10.2.0.1", "127.0.0.1", "fd00:2::5", "169.254.169.254"]
    assert [reach.allows(address) for address in inside + outside] == [True] * 3 + [False] * 4


@pytest.mark.parametrize(
    "text",
    [
        "127.1", "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "127.0.0.01", "1.2.3",
        "smtp.example.0x1", "mail.1", "", " ", "a b.example", "user@example.com", "http://example.com",
        "example.com:25",
        "example.com/x", "[::1]", "a..b", "-a.example", "a-.example", "x" * 64 + ".example", "例え@jp",
        "mail\0.example", "mail\r\n.example", "1.1.1.1.1",
    ],
)  # fmt: skip
def test_these_are_no_names_of_servers(text: str) -> None:
    """W-10: numbers that resolvers read as addresses, and what is no name at all, are not even looked up."""
    with pytest.raises(HostRefused):
        host_name(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (" SMTP.Example.COM. ", "smtp.example.com"),
        ("ｓｍｔｐ．example.com", "smtp.example.com"),
        ("例え.jp", "xn--r8jz45g.jp"),
        ("mail_host.corp", "mail_host.corp"),
        ("mailhost", "mailhost"),
        ("192.0.2.1", "192.0.2.1"),
        ("１２７.0.0.1", "127.0.0.1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("ⓛocalhost", "localhost"),
        ("3com.example", "3com.example"),
    ],
)
def test_a_name_is_kept_in_one_spelling(text: str, name: str) -> None:
    """W-10: look-alike letters are what they stand for; where the name leads is judged by its addresses."""
    assert host_name(text) == name


def test_a_server_does_not_show_its_password() -> None:
    """D-2."""
    assert "canary" not in repr(MailServer("a@b.example", "h", 587, "start", "ada", "canary"))
