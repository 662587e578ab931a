"""M-22: what SPF, DKIM and DMARC records mean for the mails of an installation."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import dkim_key
from service.mail import alignment
from service.mail.alignment import Sending, is_aligned, judge
from service.mail.published import LookupFailed, Record, Status

KEY = dkim_key.read(dkim_key.make())
EDWARDS = dkim_key.read(dkim_key.make(ed25519_key=True))
SENDING = Sending("brand.example", "brand.example", "relay.example", "brand.example", "s1", KEY)
GOOD = {
    "brand.example": ("hello", "v=spf1 a:relay.example -all"),
    "s1._domainkey.brand.example": (KEY.record,),
    "_dmarc.brand.example": ("v=DMARC1; p=quarantine; rua=mailto:d@brand.example",),
}
Zone = Mapping[str, tuple[str, ...]]


@dataclass
class Published:
    """Answers from a table; a name with None cannot be looked up."""

    zone: Mapping[str, tuple[str, ...] | None]
    asked: list[str] = field(default_factory=list)

    def txt(self, name: str) -> tuple[str, ...]:
        self.asked.append(name)
        found = self.zone.get(name, ())
        if found is None:
            raise LookupFailed(name)
        return found


def judged(sending: Sending = SENDING, **changes: tuple[str, ...] | None) -> alignment.Judgement:
    names = {"spf": "brand.example", "dkim": "s1._domainkey.brand.example", "dmarc": "_dmarc.brand.example"}
    return judge(sending, Published({**GOOD, **{names[key]: value for key, value in changes.items()}}))


def said(record: Record) -> tuple[str, list[str]]:
    return record.status.value, [finding.rule for finding in record.findings]


def test_good_records_need_nothing() -> None:
    found = judged()
    assert [said(one) for one in (found.spf, found.dkim, found.dmarc)] == [("good", [])] * 3
    assert [one.publish for one in (found.spf, found.dkim, found.dmarc)] == [None] * 3
    assert found.dkim.name == "s1._domainkey.brand.example"
    assert found.spf.found == ("v=spf1 a:relay.example -all",)


def test_nothing_published_says_what_to_publish() -> None:
    found = judged(spf=(), dkim=(), dmarc=())
    assert said(found.spf) == ("absent", ["spf-absent"])
    assert said(found.dkim) == ("absent", ["dkim-absent"])
    assert said(found.dmarc) == ("absent", ["dmarc-absent"])
    assert [one.publish for one in (found.spf, found.dkim, found.dmarc)] == [
        "v=spf1 a:relay.example ~all", KEY.record, "v=DMARC1; p=none",
    ]  # fmt: skip
    again = judged(
        spf=(found.spf.publish or "",), dkim=(found.dkim.publish or "",), dmarc=(found.dmarc.publish or "",)
    )
    assert [one.status for one in (again.spf, again.dkim, again.dmarc)] == [Status.GOOD] * 3


@pytest.mark.parametrize(
    ("relay", "record"),
    [
        ("relay.example", "v=spf1 a:relay.example ~all"),
        ("8.8.8.8", "v=spf1 ip4:8.8.8.8 ~all"),
        ("2001:4860:4860::8888", "v=spf1 ip6:2001:4860:4860::8888 ~all"),
        ("127.0.0.1", "v=spf1 mx ~all"),
        ("localhost", "v=spf1 mx ~all"),
        (None, "v=spf1 mx ~all"),
    ],
)
def test_the_proposed_spf_record_names_the_relay(relay: str | None, record: str) -> None:
    found = judged(replace(SENDING, relay=relay), spf=())
    assert found.spf.publish == record
    assert judged(spf=(record,)).spf.status is Status.GOOD


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("v=spf1 -all", ("good", [])),
        ("V=SPF1 IP4:192.0.2.0/24 ip6:2001:db8::/32 MX a/24//64 a:x.example/28 ~ALL", ("good", [])),
        ("v=spf1 include:_spf.provider.example -all", ("good", [])),
        ("v=spf1 redirect=_spf.provider.example", ("good", [])),
        ("v=spf1 exists:%{i}._spf.%{d2} -all", ("good", [])),
        ("v=spf1 include:%{d2}.x.example -all", ("good", [])),
        ("v=spf1 exp=why.brand.example unknown=x mx ?all", ("doubtful", ["spf-open"])),
        ("v=spf1 mx", ("doubtful", ["spf-open"])),
        ("v=spf1", ("doubtful", ["spf-open"])),
        ("v=spf1 mx all", ("bad", ["spf-anybody"])),
        ("v=spf1 +all", ("bad", ["spf-anybody"])),
        ("v=spf1 ip4:192.0.2.300 -all", ("bad", ["spf-term"])),
        ("v=spf1 ip4:2001:db8::1 -all", ("bad", ["spf-term"])),
        ("v=spf1 ipv4:192.0.2.1 -all", ("bad", ["spf-term"])),
        ("v=spf1 include: -all", ("bad", ["spf-term"])),
        ("v=spf1 mx, -all", ("bad", ["spf-term"])),
        ("v=spf1 include:none.example -all", ("bad", ["spf-include"])),
        ("v=spf1 include:twice.example -all", ("bad", ["spf-include"])),
        ("v=spf1 include:broken.example -all", ("bad", ["spf-include"])),
        ("v=spf1 include:loop.example -all", ("bad", ["spf-deep"])),
        ("v=spf1 " + "a:x.example " * 10 + "-all", ("good", [])),
        ("v=spf1 " + "a:x.example " * 11 + "-all", ("bad", ["spf-deep"])),
        ("v=spf1 include:nine.example a mx -all", ("bad", ["spf-deep"])),
        ("v=spf1 include:nine.example -all", ("good", [])),
    ],
)
def test_spf_is_read_as_receivers_read_it(record: str, expected: tuple[str, list[str]]) -> None:
    """RFC 7208: syntax, what it includes, at most ten lookups, what happens to the others."""
    zone = {
        **GOOD,
        "brand.example": (record,),
        "_spf.provider.example": ("v=spf1 ip4:192.0.2.1 -all",),
        "twice.example": ("v=spf1 -all", "v=spf1 mx -all"),
        "broken.example": ("v=spf1 nonsense -all",),
        "loop.example": ("v=spf1 include:loop.example -all",),
        "nine.example": ("v=spf1 " + "a:x.example " * 9 + "-all",),
    }
    published = Published(zone)
    assert said(judge(SENDING, published).spf) == expected
    assert len(published.asked) <= 14


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ((f"k=rsa; p={KEY.public}",), ("good", [])),
        ((f"v=DKIM1;p={KEY.public[:60]} {KEY.public[60:]} ;",), ("good", [])),
        ((f"v=DKIM1; h=sha1:sha256; s=email; t=s; p={KEY.public}",), ("good", [])),
        ((f"v=DKIM1; t=y:s; p={KEY.public}",), ("doubtful", ["dkim-testing"])),
        ((f"v=DKIM1; h=sha1; p={KEY.public}",), ("bad", ["dkim-limited"])),
        ((f"v=DKIM1; s=tlsrpt; p={KEY.public}",), ("bad", ["dkim-limited"])),
        (("v=DKIM1; k=rsa; p=",), ("bad", ["dkim-revoked"])),
        ((EDWARDS.record,), ("bad", ["dkim-other"])),
        (("v=DKIM1; p=AAAA",), ("bad", ["dkim-other"])),
        (("v=DKIM2; p=AAAA",), ("bad", ["dkim-unreadable"])),
        (("v=DKIM1; k=rsa",), ("bad", ["dkim-unreadable"])),
        (("hello",), ("bad", ["dkim-unreadable"])),
        ((KEY.record, EDWARDS.record), ("bad", ["dkim-many"])),
    ],
)
def test_the_published_key_must_be_ours(texts: tuple[str, ...], expected: tuple[str, list[str]]) -> None:
    found = judged(dkim=texts)
    assert said(found.dkim) == expected
    assert found.dkim.publish == (KEY.record if expected[0] == "bad" else None)


def test_without_a_key_there_is_nothing_to_look_up() -> None:
    published = Published(GOOD)
    found = judge(Sending("brand.example", "brand.example"), published)
    assert said(found.dkim) == ("absent", ["dkim-no-key"])
    assert said(found.dmarc) == ("doubtful", ["dmarc-spf-alone"])
    assert not any("_domainkey" in name for name in published.asked)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("v=DMARC1; p=reject; rua=mailto:a@x.example, mailto:b@x.example!10m; pct=50",), ("good", [])),
        (("v = DMARC1 ; p = NONE ;",), ("good", ["dmarc-watches", "dmarc-silent"])),
        (("v=DMARC1; p=quarantine",), ("good", ["dmarc-silent"])),
        (("v=DMARC1; p=block; rua=mailto:a@x.example",), ("bad", ["dmarc-tag"])),
        (("v=DMARC1; p=reject; pct=101; rua=mailto:a@x.example",), ("bad", ["dmarc-tag"])),
        (("v=DMARC1; p=reject; adkim=x; rua=a@x.example",), ("bad", ["dmarc-tag", "dmarc-tag"])),
        (("v=DMARC1; rua=mailto:a@x.example",), ("bad", ["dmarc-tag"])),
        (("v=DMARC1; p=reject; p=none",), ("bad", ["dmarc-tag"])),
        (("v=DMARC1; p=none", "v=DMARC1; p=reject"), ("bad", ["dmarc-many"])),
        (("v=DMARC10; p=none",), ("absent", ["dmarc-absent"])),
    ],
)
def test_dmarc_is_read_tag_by_tag(texts: tuple[str, ...], expected: tuple[str, list[str]]) -> None:
    assert said(judged(dmarc=texts).dmarc) == expected


def test_a_domain_inherits_the_policy_of_the_one_above() -> None:
    sending = replace(
        SENDING, from_domain="news.mail.brand.example", envelope_domain="news.mail.brand.example"
    )
    published = Published({**GOOD, "news.mail.brand.example": ("v=spf1 mx -all",)})
    found = judge(sending, published)
    assert (found.dmarc.name, found.dmarc.status) == ("_dmarc.brand.example", Status.GOOD)
    dmarc = [name for name in published.asked if name.startswith("_dmarc")]
    assert dmarc == ["_dmarc.news.mail.brand.example", "_dmarc.mail.brand.example", "_dmarc.brand.example"]
    absent = judge(sending, Published({})).dmarc
    assert (absent.name, absent.status) == ("_dmarc.news.mail.brand.example", Status.ABSENT)


def test_a_signature_of_the_parent_domain_does_not_align_strictly() -> None:
    """RFC 7489 section 3.1: adkim=s wants the very domain."""
    sending = replace(SENDING, from_domain="mail.brand.example", envelope_domain="mail.brand.example")
    relaxed = {**GOOD, "mail.brand.example": ("v=spf1 mx -all",)}
    strict = {
        **relaxed,
        "_dmarc.mail.brand.example": ("v=DMARC1; p=reject; adkim=s; rua=mailto:a@x.example",),
    }
    assert said(judge(sending, Published(relaxed)).dkim) == ("good", [])
    found = judge(sending, Published(strict))
    assert said(found.dkim) == ("bad", ["dkim-strict"])
    assert found.dkim.publish is None
    assert said(found.dmarc) == ("doubtful", ["dmarc-spf-alone"])


def test_mails_that_pass_by_neither_way_are_told() -> None:
    found = judged(spf=(), dkim=())
    assert said(found.dmarc) == ("bad", ["dmarc-fails"])


@pytest.mark.parametrize("broken", ["spf", "dkim", "dmarc"])
def test_what_cannot_be_looked_up_is_unknown_and_held_against_nobody(broken: str) -> None:
    found = judged(**{broken: None})  # type: ignore[arg-type]
    by_kind = {one.kind: said(one) for one in (found.spf, found.dkim, found.dmarc)}
    assert by_kind == {
        kind: ("unknown", ["dns"]) if kind == broken else ("good", []) for kind in ("spf", "dkim", "dmarc")
    }


@pytest.mark.parametrize(
    ("domain", "of", "relaxed", "strict"),
    [
        ("brand.example", "brand.example", True, True),
        ("mail.brand.example", "brand.example", True, False),
        ("brand.example", "mail.brand.example", True, False),
        ("otherbrand.example", "brand.example", False, False),
        ("a.brand.example", "b.brand.example", False, False),
    ],
)
def test_alignment(domain: str, of: str, relaxed: bool, strict: bool) -> None:
    assert (is_aligned(domain, of), is_aligned(domain, of, strict=True)) == (relaxed, strict)


@given(
    st.lists(
        st.text(max_size=80)
        | st.from_regex(r"v=spf1( [+?~-]?[a-z0-9]{1,8}[:=/][a-z0-9.%{}/:]{0,20}){0,12}", fullmatch=True)
        | st.from_regex(r"v=(DKIM1|DMARC1)(; ?[a-z]{1,5}=[ -~]{0,20}){0,8};?", fullmatch=True),
        max_size=3,
    )
)
def test_any_text_gets_a_verdict(texts: list[str]) -> None:
    found = judge(SENDING, Published(dict.fromkeys(GOOD, tuple(texts))))
    for one in (found.spf, found.dkim, found.dmarc):
        assert one.status in Status
        for finding in one.findings:
            assert finding.phrase.text % finding.values
