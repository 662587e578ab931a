import re
from collections.abc import Callable
from email import message_from_bytes, policy
from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.mail import addresses
from service.mail.addresses import (
    PLAIN_ADDRESS,
    TOO_LONG,
    Address,
    AddressError,
    Mailbox,
    domain_key,
    parse,
    warnings,
)
from service.mail.mime import serialize
from tests.mail.letters import letter


@pytest.mark.parametrize(
    ("text", "spec", "key"),
    [
        ("a@x.example", "a@x.example", "a@x.example"),
        ("A@X.Example", "A@x.example", "a@x.example"),
        ("a+tag@x.example", "a+tag@x.example", "a+tag@x.example"),
        ("o'neil@x.example", "o'neil@x.example", "o'neil@x.example"),
        (" \u3000a@x.example\n", "a@x.example", "a@x.example"),
        ("a@faß.de", "a@xn--fa-hia.de", "a@xn--fa-hia.de"),
        ("a@βόλος.com", "a@xn--nxasmm1c.com", "a@xn--nxasmm1c.com"),
        (
            "ｆｕｌｌ＿ｗｉｄｔｈ＋１＠ｕｇｌｙ．ｅｘａｍｐｌｅ",
            "full_width+1@ugly.example",
            "full_width+1@ugly.example",
        ),
        ("a＠例え。テスト", "a@xn--r8jz45g.xn--zckzah", "a@xn--r8jz45g.xn--zckzah"),
        ("a@x.example.", "a@x.example", "a@x.example"),
        ("用户@例子.广告", "用户@xn--fsqu00a.xn--4rr70v", "用户@xn--fsqu00a.xn--4rr70v"),
        ("E\u0301A@x.example", "E\u0301A@x.example", "éa@x.example"),
        ("a..b.@docomo.ne.jp", '"a..b."@docomo.ne.jp', "a..b.@docomo.ne.jp"),
    ],
)
def test_an_address_is_sent_as_written_and_compared_folded(text: str, spec: str, key: str) -> None:
    """H-9, H-10, H-11."""
    address = parse(text)
    assert (address.spec, address.key) == (spec, key)


def test_only_a_local_part_in_other_letters_needs_smtputf8() -> None:
    """H-10."""
    assert parse("用户@例子.广告").needs_smtputf8
    assert not parse("a@例子.广告").needs_smtputf8


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "a", "@x.example", "a@", "a@b@c.example",
        "a@x.example, b@x.example", "a@x.example b@x.example", "group: a@x.example;", "a(comment)@x.example",
        "a@b.example>\r\nRCPT TO:<evil@e.example", "<@x.example:a@b.example>", "Name <a@x.example>",
        "alice@example.org)bob@evil.example", '"a b"@x.example', "a@[127.0.0.1]",
        "=?utf-8?q?a?=@x.example", "a=?@x.example", "＝？utf-8?b?YQ?=@x.example",
        "-a@x.example", "a b@x.example", "a<@x.example", "a>@x.example", "a\r\nb@x.example", "a\0@x.example",
        "a@x.example\r\nBcc: b@x.example", "a@x\r\n.example", "a\u202e@x.example", "a\u200b@x.example",
        "\ud800@x.example", "a@\ud800.example", "a@☃.net", "a@xn--n3h.net", f"a@{'a' * 64}.example",
        "a@e" + "\u0301" * 20_000 + ".example", "a@x_y.example", "a@-x.example", "a@localhost", "a@1.2.3.4",
        "a" * 65 + "@x.example", "..@x.example", "a@x..example", "a@.example",
    ],
)  # fmt: skip
def test_what_is_not_one_address_is_refused(text: str) -> None:
    """H-4, H-5, H-9."""
    with pytest.raises(AddressError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "rule", "lookalike"),
    [
        ("a@аррӏе.example", "address-lookalike", "apple.example"),
        ("a@xn--80ak6aa92e.example", "address-lookalike", "apple.example"),
        ("a@gооgle.example", "address-lookalike", "google.example"),
        ("a@gооgleя.example", "address-scripts", None),
        ("a@βόλος.example", None, None),
        ("a@почта.example", None, None),
        ("a@日本mixカタカナひらがなー.example", None, None),
        ("a@한국mix.example", None, None),
        ("a@x.example", None, None),
    ],
)
def test_a_domain_that_passes_for_another_is_shown_with_its_punycode(
    text: str, rule: str | None, lookalike: str | None
) -> None:
    """H-8."""
    address = parse(text)
    found = warnings(address)
    assert [one.rule for one in found] == ([rule] if rule else [])
    for one in found:
        assert one.values["punycode"] == address.domain
        assert one.values.get("lookalike") == lookalike
    assert parse("a@apple.example").key != address.key


@given(st.text(max_size=40) | st.from_regex(r"[a-z.<>@(),;:\" \r\n]{1,20}@[a-z.é例]{1,20}", fullmatch=True))
@example("0@0..")
def test_any_text_is_one_address_or_refused(text: str) -> None:
    try:
        address = parse(text)
    except AddressError:
        return
    assert isinstance(address, Address)
    assert not set(address.spec) & set("<>()[],;: \t\r\n\0")
    assert address.domain == address.domain.lower()
    assert parse(address.as_written) == address
    assert parse(f"{address.local}@{address.domain}").key == address.key


@pytest.mark.parametrize(
    "name",
    [
        'a "quoted" name', "back\\slash", "comma, name", "Ann <evil@evil.example>", "=?utf-8?q?x?=", "   ",
        "招待" * 150, "support@bank.example", "a;b:c", "(comment)", "evil@evil.example>,<x@y.example",
    ],
)  # fmt: skip
def test_a_display_name_never_becomes_an_address(name: str) -> None:
    """H-3: one mailbox after re-parse, its addr-spec unchanged."""
    raw = serialize(letter(sender=Mailbox(name, parse("emma@brand.example"))))
    header = message_from_bytes(raw, policy=policy.default)["From"]
    assert [one.addr_spec for one in header.addresses] == ["emma@brand.example"]
    # Python 3.11 puts a space between adjacent encoded words of a name.
    assert "".join(header.addresses[0].display_name.split()) == "".join(name.split())


@pytest.mark.parametrize(
    "text",
    ["a@e" + "\u0301" * 20_000 + ".example", "a" * 100_000 + "@x.example", "a@" + "例" * 50_000 + ".jp"],
)
def test_a_huge_text_is_refused_by_its_length_alone(text: str) -> None:
    """H-9: the answer does not wait for IDNA."""
    with pytest.raises(AddressError) as refused:
        parse(text)
    assert refused.value.phrase is TOO_LONG


# Much of what makes a domain another one, or none.
PART = st.sampled_from(
    [
        "a",
        "com",
        "example",
        "xn--fa-hia",
        "x--y",
        "-",
        "--",
        "1",
        "42",
        "a" * 44,
        "a" * 63,
        "A",
        "ß",
        ".",
        "。",
    ]
)
DOMAIN = st.one_of(
    st.from_regex(addresses._PLAIN_DOMAIN, fullmatch=True),  # type: ignore[attr-defined]
    st.lists(st.lists(PART, min_size=1, max_size=3).map("".join), min_size=1, max_size=5).map(".".join),
)


def outcome(work: Callable[[str], object], text: str) -> object:
    try:
        return work(text)
    except AddressError as refused:
        return refused.phrase, refused.values


@given(DOMAIN)
@example("a.xn--fa-hia.de")
@example("ab--c.example")
@example("example.c")
def test_a_plain_domain_is_what_idna_makes_of_it(domain: str) -> None:
    assert outcome(domain_key, domain) == outcome(addresses._by_idna, domain)  # type: ignore[attr-defined]


@given(st.one_of(st.from_regex(PLAIN_ADDRESS, fullmatch=True), DOMAIN.map("a@{}".format), st.text()))
def test_a_plain_address_is_its_own_key(text: str) -> None:
    """And nothing is to be said of it."""
    if re.fullmatch(PLAIN_ADDRESS, text):
        local, _, domain = text.rpartition("@")
        never, by_idna = re.compile("(?!)"), addresses._by_idna  # type: ignore[attr-defined]
        with mock.patch.multiple(addresses, _USUAL=never, domain_key=by_idna):
            parsed = parse(text)
        assert (parsed, warnings(parsed)) == (Address(local, domain, text, text), ())


@pytest.mark.parametrize(
    "given",
    ["canary", "canary@", "canary canary@x.example", "canary@x", "-canary@x.example", "canary@" + "a" * 300],
)
def test_a_refusal_in_a_log_does_not_quote_the_address(given: str) -> None:
    """D-3: what it quotes are values beside its words, for whoever typed them."""
    with pytest.raises(AddressError) as refused:
        parse(given)
    assert "canary" not in str(refused.value) + repr(refused.value)
