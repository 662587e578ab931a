"""SPF: which servers may send in the name of a domain, read as receivers read it (RFC 7208)."""

import ipaddress
import re
from collections.abc import Iterator

from service.facts.findings import Finding, Severity
from service.facts.words import N_
from service.mail.published import Lookup, Record, error, record, warning

SPF_LOOKUPS = 10

SPF_ABSENT = N_("The domain %(domain)s publishes no SPF record.")
SPF_MANY = N_("The domain publishes several SPF records. Receivers accept none of them: keep only one.")
SPF_TERM = N_("The SPF record contains a part that receivers cannot read: %(term)s")
SPF_TOO_DEEP = N_("The SPF record needs more than %(most)s DNS lookups. Receivers then ignore it.")
SPF_INCLUDE = N_("The SPF record refers to %(domain)s, which publishes no usable SPF record.")
SPF_ANYBODY = N_("The SPF record allows everybody to send in the name of the domain.")
SPF_OPEN_END = N_("The SPF record does not end in ~all or -all, so it excludes nobody.")

_NAME = r"(?:[A-Za-z0-9_.%{}+/=*-]+\.[A-Za-z0-9%{}-]+\.?)"
_CIDR = r"(?:/[0-9]{1,2})?(?://[0-9]{1,3})?"
_TERM = re.compile(
    rf"(?P<q>[+?~-])?(?:(?P<all>all)|(?P<include>include|exists):(?P<at>{_NAME})"
    rf"|(?P<plain>a|mx)(?::{_NAME})?{_CIDR}|(?P<ptr>ptr)(?::{_NAME})?"
    rf"|ip4:(?P<ip4>[0-9.]+(?:/[0-9]+)?)|ip6:(?P<ip6>[0-9A-Fa-f:.]+(?:/[0-9]+)?))",
    re.IGNORECASE,
)
_MODIFIER = re.compile(rf"(?P<name>[A-Za-z][A-Za-z0-9_.-]*)=(?P<at>{_NAME}|[!-~]*)")


def judge(name: str, relay: str | None, lookup: Lookup) -> Record:
    """Look at the record of a domain whose mails a relay sends; raises LookupFailed."""
    found = _records(lookup.txt(name))
    publish = _to_publish(relay)
    if not found:
        return record("spf", name, (), [error("spf-absent", SPF_ABSENT, domain=name)], publish)
    if len(found) > 1:
        return record("spf", name, found, [error("spf-many", SPF_MANY)], publish)
    findings = list(_findings(found[0], lookup))
    broken = any(finding.severity is Severity.ERROR for finding in findings)
    return record("spf", name, found, findings, publish if broken else None)


def _records(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text for text in texts if re.match(r"v=spf1(?: |\Z)", text, re.IGNORECASE))


def _findings(text: str, lookup: Lookup) -> Iterator[Finding]:
    budget = _Budget(lookup)
    try:
        end = budget.walk(text)
    except _Unusable as unusable:
        yield unusable.finding
        return
    if end == "+":
        yield error("spf-anybody", SPF_ANYBODY)
    elif end in {"", "?"}:
        yield warning("spf-open", SPF_OPEN_END)


class _Unusable(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__()
        self.finding = finding


class _Budget:
    """Walks a record and all that it refers to, counting lookups as receivers do (section 4.6.4)."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._spent = 0

    def walk(self, text: str) -> str:
        """Return the qualifier of *all*, empty where there is none; raises _Unusable."""
        end, redirect = "", ""
        for term in text.split()[1:]:
            mechanism, modifier = _TERM.fullmatch(term), _MODIFIER.fullmatch(term)
            if mechanism and _has_valid_address(mechanism):
                if mechanism["include"] or mechanism["plain"] or mechanism["ptr"]:
                    self._spend()
                if (mechanism["include"] or "").lower() == "include":
                    self._enter(mechanism["at"])
                end = (mechanism["q"] or "+") if mechanism["all"] and not end else end
            elif modifier:
                redirect = modifier["at"] if modifier["name"].lower() == "redirect" else redirect
            else:
                raise _Unusable(error("spf-term", SPF_TERM, term=term))
        if redirect and not end:
            self._spend()
            return self._enter(redirect)
        return end

    def _enter(self, name: str) -> str:
        if "%" in name:
            return "-"  # a macro: what it stands for is known only when a mail arrives
        found = _records(self._lookup.txt(name))
        if len(found) != 1:
            raise _Unusable(error("spf-include", SPF_INCLUDE, domain=name))
        try:
            return self.walk(found[0])
        except _Unusable as unusable:
            if unusable.finding.rule == "spf-term":
                raise _Unusable(error("spf-include", SPF_INCLUDE, domain=name)) from None
            raise

    def _spend(self) -> None:
        self._spent += 1
        if self._spent > SPF_LOOKUPS:
            raise _Unusable(error("spf-deep", SPF_TOO_DEEP, most=SPF_LOOKUPS))


def _has_valid_address(term: re.Match[str]) -> bool:
    try:
        if term["ip4"]:
            ipaddress.IPv4Network(term["ip4"], strict=False)
        if term["ip6"]:
            ipaddress.IPv6Network(term["ip6"], strict=False)
    except ValueError:
        return False
    return True


def _to_publish(relay: str | None) -> str:
    """A record that allows the relay; whoever runs it may name another one."""
    if relay is None or relay == "localhost":
        return "v=spf1 mx ~all"
    try:
        address = ipaddress.ip_address(relay)
    except ValueError:
        return f"v=spf1 a:{relay} ~all"
    return f"v=spf1 ip{address.version}:{address} ~all" if address.is_global else "v=spf1 mx ~all"
