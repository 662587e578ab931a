"""Whether a domain's published records speak for the mails that an installation sends from it.

SPF, DKIM keys (RFC 6376 section 3.6) and DMARC (RFC 7489, looked for up the tree of names). The records come
from whoever can look them up; nothing here opens a socket.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from service.dkim_key import DkimKey
from service.facts.findings import Finding, Severity
from service.facts.words import N_
from service.mail import spf as spf_record
from service.mail.dkim import record_name
from service.mail.published import Lookup, LookupFailed, Record, Status, error, record, warning

DMARC_LABELS = 8

NOT_LOOKED_UP = N_("The DNS server did not answer in time, or reported an error. Try again later.")
DKIM_NO_KEY = N_("This installation has no DKIM key. Its emails are not signed.")
DKIM_ABSENT = N_("The public key is not published. Receivers cannot verify the signature.")
DKIM_MANY = N_("Several records are published under this name. Receivers may use any of them: keep only one.")
DKIM_UNREADABLE = N_("The published record is not a DKIM key that receivers can read.")
DKIM_REVOKED = N_("The published record withdraws the key.")
DKIM_OTHER = N_("The published key is not the key that this installation signs with.")
DKIM_LIMITED = N_("The published record does not allow this key to sign emails.")
DKIM_TESTING = N_("The published record says t=y, for testing only. Receivers may ignore the signature.")
DKIM_SHORT = N_("The key has fewer than 2048 bits. Make a new one.")
DKIM_STRICT = N_("The DMARC record demands a signature of %(domain)s itself, but %(signer)s signs.")
DMARC_ABSENT = N_("The domain %(domain)s publishes no DMARC record.")
DMARC_MANY = N_("The domain publishes several DMARC records. Receivers accept none of them: keep only one.")
DMARC_TAG = N_("The DMARC record cannot be read at this place: %(tag)s")
DMARC_WATCHES = N_("The policy is none: receivers deliver forged emails too. Later, change it to quarantine.")
DMARC_SILENT = N_("The DMARC record names no address for reports (rua).")
DMARC_FAILS = N_("Emails of this installation pass DMARC neither by SPF nor by DKIM.")
DMARC_SPF_ALONE = N_("Emails pass DMARC by SPF alone, which fails when they are forwarded. Set up DKIM too.")


@dataclass(frozen=True, slots=True)
class Sending:
    """What an installation sends: the domains of From and envelope, the relay's host, and who signs."""

    from_domain: str
    envelope_domain: str
    relay: str | None = None
    signer: str | None = None
    selector: str | None = None
    key: DkimKey | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The three records of one installation's domain."""

    spf: Record
    dkim: Record
    dmarc: Record


def judge(sending: Sending, lookup: Lookup) -> Judgement:
    """Look at what the domain publishes; a record that cannot be looked up is unknown, and so told."""
    spf = _guarded("spf", sending.envelope_domain, lambda name: spf_record.judge(name, sending.relay, lookup))
    dmarc_name = f"_dmarc.{sending.from_domain}"
    policy = _guarded("dmarc", dmarc_name, lambda _name: _dmarc(sending.from_domain, lookup))
    modes = _tags(policy.found[0]) if len(policy.found) == 1 else None
    if sending.key and sending.signer and sending.selector:
        name = record_name(sending.selector, sending.signer)
        dkim = _guarded("dkim", name, lambda at: _dkim(at, sending, lookup, modes or {}))
    else:
        dkim = record("dkim", "", (), [error("dkim-no-key", DKIM_NO_KEY)], None)
    return Judgement(spf, dkim, _together(policy, spf, dkim, sending, modes or {}))


def is_aligned(domain: str, from_domain: str, *, strict: bool = False) -> bool:
    """Tell whether a domain speaks for another: the same, or one above the other unless `strict`.

    Two domains that merely share an organisation are not recognised; this installation uses no such pair.
    """
    if domain == from_domain or strict:
        return domain == from_domain
    return domain.endswith(f".{from_domain}") or from_domain.endswith(f".{domain}")


def _guarded(kind: str, name: str, look: "_Look") -> Record:
    try:
        return look(name)
    except LookupFailed:
        return Record(kind, name, (), (error("dns", NOT_LOOKED_UP),), None, Status.UNKNOWN)


class _Look(Protocol):
    def __call__(self, name: str, /) -> Record: ...


# DKIM


def _dkim(name: str, sending: Sending, lookup: Lookup, modes: Mapping[str, str]) -> Record:
    key = sending.key
    assert key is not None
    found = tuple(text for text in lookup.txt(name) if text.strip())
    findings = list(_dkim_findings(found, key))
    published = not any(finding.severity is Severity.ERROR for finding in findings)
    if modes.get("adkim", "r").lower() == "s" and sending.signer != sending.from_domain:
        values = {"domain": sending.from_domain, "signer": sending.signer}
        findings.append(error("dkim-strict", DKIM_STRICT, **values))
    return record("dkim", name, found, findings, None if published else key.record)


def _dkim_findings(found: tuple[str, ...], key: DkimKey) -> Iterator[Finding]:
    if key.is_weak:
        yield warning("dkim-short", DKIM_SHORT)
    if len(found) != 1:
        yield error("dkim-many", DKIM_MANY) if found else error("dkim-absent", DKIM_ABSENT)
        return
    tags = _tags(found[0])
    if tags is None or "p" not in tags or tags.get("v", "DKIM1") != "DKIM1":
        yield error("dkim-unreadable", DKIM_UNREADABLE)
    elif not tags["p"]:
        yield error("dkim-revoked", DKIM_REVOKED)
    elif (tags.get("k", "rsa"), re.sub(r"\s", "", tags["p"])) != (key.kind, key.public):
        yield error("dkim-other", DKIM_OTHER)
    elif not _allows(tags, "h", {"sha256"}) or not _allows(tags, "s", {"*", "email"}):
        yield error("dkim-limited", DKIM_LIMITED)
    elif "y" in _list(tags.get("t", "")):
        yield warning("dkim-testing", DKIM_TESTING)


def _allows(tags: Mapping[str, str], tag: str, wanted: set[str]) -> bool:
    return tag not in tags or bool(wanted & set(_list(tags[tag])))


def _list(value: str) -> list[str]:
    return [part.strip().lower() for part in value.split(":")]


# DMARC

_POLICY = "none|quarantine|reject"
_DMARC_TAGS = {
    "p": _POLICY,
    "sp": _POLICY,
    "np": _POLICY,
    "adkim": "[rs]",
    "aspf": "[rs]",
    "pct": "[0-9]{1,2}|100",
    "rua": r"mailto:[^,]+(?:,\s*mailto:[^,]+)*",
}


def _dmarc(domain: str, lookup: Lookup) -> Record:
    """Take the record of the domain, else of the nearest domain above it that has one."""
    own = f"_dmarc.{domain}"
    for above in _upward(domain):
        name = f"_dmarc.{above}"
        found = tuple(text for text in lookup.txt(name) if re.match(r"v\s*=\s*DMARC1\b", text))
        if len(found) > 1:
            return record("dmarc", name, found, [error("dmarc-many", DMARC_MANY)], "v=DMARC1; p=none")
        if found:
            findings = list(_dmarc_findings(found[0]))
            broken = any(finding.severity is Severity.ERROR for finding in findings)
            return record("dmarc", name, found, findings, "v=DMARC1; p=none" if broken else None)
    absent = error("dmarc-absent", DMARC_ABSENT, domain=domain)
    return record("dmarc", own, (), [absent], "v=DMARC1; p=none")


def _upward(domain: str) -> Iterator[str]:
    labels = domain.split(".")
    yield domain
    for start in range(max(1, len(labels) - DMARC_LABELS + 1), len(labels) - 1):
        yield ".".join(labels[start:])


def _dmarc_findings(text: str) -> Iterator[Finding]:
    tags = _tags(text)
    if tags is None:
        yield error("dmarc-tag", DMARC_TAG, tag=text)
        return
    for tag, pattern in _DMARC_TAGS.items():
        if tag in tags and not re.fullmatch(pattern, tags[tag], re.IGNORECASE):
            yield error("dmarc-tag", DMARC_TAG, tag=f"{tag}={tags[tag]}")
    if "p" not in tags:
        yield error("dmarc-tag", DMARC_TAG, tag="p")
    elif tags["p"].lower() == "none":
        yield Finding("dmarc-watches", Severity.ADVICE, DMARC_WATCHES)
    if "rua" not in tags:
        yield Finding("dmarc-silent", Severity.ADVICE, DMARC_SILENT)


def _together(
    policy: Record, spf: Record, dkim: Record, sending: Sending, modes: Mapping[str, str]
) -> Record:
    """Add to the policy what the two other records mean for it; unknown ones are not held against it."""
    if not policy.helps or Status.UNKNOWN in {spf.status, dkim.status}:
        return policy
    strict = modes.get("aspf", "r").lower() == "s"
    by_spf = spf.helps and is_aligned(sending.envelope_domain, sending.from_domain, strict=strict)
    by_dkim = dkim.helps and sending.signer is not None
    findings = list(policy.findings)
    if not by_spf and not by_dkim:
        findings.append(error("dmarc-fails", DMARC_FAILS))
    elif not by_dkim:
        findings.append(warning("dmarc-spf-alone", DMARC_SPF_ALONE))
    return record("dmarc", policy.name, policy.found, findings, policy.publish)


def _tags(text: str) -> dict[str, str] | None:
    """Return the tags of a `tag=value;` list by lower-case name, or None for no such list."""
    tags: dict[str, str] = {}
    for part in text.strip().removesuffix(";").split(";"):
        name, equals, value = part.partition("=")
        key = name.strip().lower()
        if not equals or not re.fullmatch("[a-z][a-z0-9_]*", key) or key in tags:
            return None
        tags[key] = value.strip()
    return tags
