"""What the compose page shows of a draft: its form, whom it goes to, what is wrong where, and its preview."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from flask import request, url_for
from sqlalchemy.orm import Session
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.core import UnboundField

from service.domain import ads, campaigns, letters, previews, recipients, selections
from service.domain.campaign_checks import LeaveOut, Review
from service.domain.campaigns import Writing
from service.domain.errors import DomainError
from service.domain.letters import Composed
from service.domain.recipients import Recipient
from service.domain.selections import Selected
from service.facts.findings import Finding, Severity
from service.facts.refusals import Refusal
from service.facts.states import UnknownPolicy
from service.facts.words import N_, Phrase
from service.i18n.locales import LOCALES
from service.mail import shipped
from service.mail.addresses import AddressError
from service.mail.compiled import ContentRefused, ValueMissing
from service.mail.mime import MailRefused
from service.mail.tokens import AD_FAMILY, AD_PREFIX, TOKENS
from service.mail.values import ValueRefused
from service.models import Campaign
from service.web import audience, choices, risks
from service.web.context import here, program, services
from service.web.forms import FILTERS, Form, number, refusal_text, say
from service.web.letters import part_of
from service.web.words import language_name

NOTHING_WRITTEN = N_("Write a subject and content to see the email here.")
NOT_SAVED = N_("Start writing, or select Preview, to see the email here.")
CONTENT_HAS_ERRORS = N_("The content has errors. Correct them to see the email here.")
NO_RECIPIENT = N_("No recipient is selected. Select at least one prospect.")
VALUE_MISSING = N_("There is no value for %(tokens)s: %(name)s.")
SHOWN_AS = N_("As %(name)s gets it, in this language: %(language)s.")
PLACE = N_("Line %(line)s, column %(column)s")
# What composing raises for what an author may write and recipients may be called.
UNWRITABLE = (ContentRefused, ValueMissing, ValueRefused, MailRefused, AddressError)


def _fields() -> dict[str, UnboundField]:
    fields: dict[str, UnboundField] = {}
    for code in LOCALES:
        fields[f"subject_{code}"] = StringField()
        fields[f"content_{code}"] = TextAreaField()
    return fields


class ComposeForm(Form):
    """Names, template, policy, and subject and content in each language."""

    form_key = HiddenField()
    version = HiddenField()
    send_at = StringField()
    from_name = StringField(filters=FILTERS)
    reply_to = StringField(filters=FILTERS)
    mail_account = SelectField(validate_choice=False, choices=[""])
    template = SelectField(validate_choice=False, choices=["", *shipped.CAMPAIGN_TEMPLATES])
    source_locale = SelectField(validate_choice=False, choices=list(LOCALES))
    unknown_policy = RadioField(validate_choice=False, choices=[policy.value for policy in UnknownPolicy])
    leave_out = BooleanField()
    leave_out_roles = BooleanField()
    leave_out_decided = BooleanField()

    def texts(self) -> dict[str, tuple[str, str]]:
        """Return (subject, content) in each language, line breaks as the product keeps them."""
        return {
            code: (
                _storable(self[f"subject_{code}"].data or ""),
                _storable(self[f"content_{code}"].data or "").replace("\r\n", "\n"),
            )
            for code in LOCALES
        }

    def writing(self) -> Writing:
        """Return what the author wrote; a choice that is not offered counts as the default."""
        source, policy, template = self.source_locale.data, self.unknown_policy.data, self.template.data
        return Writing(
            from_name=self.from_name.data or "",
            reply_to=self.reply_to.data or "",
            source_locale=source if source in LOCALES else program().default_locale,
            variants=self.texts(),
            template=template if template in shipped.CAMPAIGN_TEMPLATES else None,
            unknown_policy=UnknownPolicy(policy) if policy in set(UnknownPolicy) else UnknownPolicy.ASK,
            mail_account_id=number(self.mail_account.data) or None,
            leave_out=self.leave_out.data,
            leave_out_roles=self.leave_out_roles.data,
            leave_out_decided=self.leave_out_decided.data,
        )

    def choice(self) -> LeaveOut:
        """Return whom the author leaves out."""
        return LeaveOut(self.leave_out.data, self.leave_out_roles.data, self.leave_out_decided.data)

    def fill(self, texts: Mapping[str, tuple[str, str]]) -> None:
        """Put texts into every language at once."""
        for code, (subject, content) in texts.items():
            self[f"subject_{code}"].data, self[f"content_{code}"].data = subject, content

    def is_untouched(self) -> bool:
        """Whether nothing was written beyond what a template filled in."""
        written = self.texts()
        template = self.template.data
        filled = shipped_texts(template) if template in shipped.CAMPAIGN_TEMPLATES else {}
        return written in (dict.fromkeys(LOCALES, ("", "")), filled)

    def has_own_words(self) -> bool:
        """Whether a template would replace something that comes from no template."""
        known = [shipped_texts(name) for name in shipped.CAMPAIGN_TEMPLATES]
        return any(
            any(text.strip() for text in found) and found not in [texts[code] for texts in known]
            for code, found in self.texts().items()
        )


for _name, _field in _fields().items():
    setattr(ComposeForm, _name, _field)


def empty_form(
    *, form_key: str, from_name: str, reply_to: str, source_locale: str, template: str
) -> ComposeForm:
    """Return the form of a new email, filled from a shipped template where one is named."""
    form = ComposeForm()
    form.form_key.data, form.version.data = form_key, "1"
    form.from_name.data, form.reply_to.data = from_name, reply_to
    form.source_locale.data, form.unknown_policy.data = source_locale, UnknownPolicy.ASK.value
    if template in shipped.CAMPAIGN_TEMPLATES:
        form.template.data = template
        form.fill(shipped_texts(template))
    return form


def form_of(campaign: Campaign) -> ComposeForm:
    """Return the form of a draft."""
    form = ComposeForm(obj=campaign)
    form.mail_account.data = str(campaign.mail_account_id or "")
    form.fill({variant.locale: (variant.subject, variant.content) for variant in campaign.variants})
    return form


def shipped_texts(template: str) -> dict[str, tuple[str, str]]:
    """Return (subject, content) of a shipped template in every language."""
    made = {code: shipped.draft(template, services().catalogs.catalog(code)) for code in LOCALES}
    return {code: (draft.subject, draft.content) for code, draft in made.items()}


def is_stored(campaign: Campaign, writing: Writing) -> bool:
    """Whether the draft already says all this."""
    kept = {variant.locale: (variant.subject, variant.content) for variant in campaign.variants}
    wanted = {code: found for code, found in writing.variants.items() if any(text.strip() for text in found)}
    return (
        kept == wanted
        and campaign.from_name == writing.from_name.strip()
        and (campaign.reply_to or "") == writing.reply_to.strip()
        and campaign.source_locale == writing.source_locale
        and campaign.mail_account_id == writing.mail_account_id
        and campaign.template == writing.template
        and campaign.unknown_policy == writing.unknown_policy.value
        and campaign.leave_out == writing.leave_out
        and campaign.leave_out_roles == writing.leave_out_roles
        and campaign.leave_out_decided == writing.leave_out_decided
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """A draft as one recipient would get it, or `status` saying why it cannot be shown."""

    status: str
    locale: str
    composed: Composed | None = None
    findings: tuple[Finding, ...] = ()


def see(session: Session, campaign: Campaign, recipient: Recipient | None) -> Seen:
    """Compose the mail of one recipient for looking at; never raises for what an author may write."""
    if recipient is None:
        return Seen(say(NO_RECIPIENT), campaign.source_locale)
    locale = letters.draft_addressee(session, campaign, recipient).locale
    if locale not in {variant.locale for variant in campaign.variants}:
        return Seen(say(NOTHING_WRITTEN), locale)
    try:
        composed = previews.preview(session, services().composer, campaign, recipient, now=here().now)
    except UNWRITABLE as error:
        findings = error.findings if isinstance(error, ContentRefused) else ()
        return Seen(why_unwritable(error, recipient.name), locale, findings=findings)
    return Seen(say(SHOWN_AS, name=recipient.name, language=language_name(locale)), locale, composed)


def why_unwritable(
    error: ContentRefused | ValueMissing | ValueRefused | MailRefused | AddressError, name: str
) -> str:
    """Return in the reader's words why there is no mail to somebody of this name."""
    if isinstance(error, ContentRefused):
        return say(CONTENT_HAS_ERRORS)
    if isinstance(error, ValueMissing):
        tokens = here().formats.listing([f"{{{token}}}" for token in error.names])
        return say(VALUE_MISSING, tokens=tokens, name=name)
    return say(error.phrase, **error.values)


Place = dict[str, object]


def findings_of(session: Session, campaign: Campaign) -> list[list[Place]]:
    """Return what is wrong with each variant of a stored draft, in the form the page and its script read."""
    text = letters.text_of(session, campaign.id)
    return [
        [_place(code, finding) for finding in services().composer.findings(text, code)]
        for code in text.variants
    ]


def _place(code: str, finding: Finding) -> Place:
    place = say(PLACE, line=finding.line, column=finding.column) if finding.line else ""
    return {
        "field": f"{finding.path or 'content'}_{code}",
        "severity": finding.severity.value,
        "line": finding.line,
        "column": finding.column,
        "place": place,
        "text": say(finding.phrase, **finding.values),
    }


def page_of(
    session: Session,
    form: ComposeForm,
    campaign: Campaign | None,
    selected: Selected,
    *,
    refused: DomainError | None = None,
    conflict: bool = False,
    replaces: bool = False,
) -> dict[str, object]:
    """Return everything the compose template names."""
    review = campaigns.review(session, services().composer, campaign) if campaign else None
    if review is not None:
        found: Sequence[Recipient] = review.recipients
    else:
        ids = selections.prospect_ids(session, program().id, selected)
        found = recipients.resolve(session, program(), ids)
    # In a conflict the stored text is another author's: what is wrong there is not wrong here.
    places = _by_field(review) if review and not conflict else {}
    if refused is not None:
        _refuse(form, refused, review)
    leave_out = form.choice()
    picked = risks.riskiest(found, review.lacking(leave_out) if review else ())
    shown = _asked_for(found) or next((item.recipient for item in picked), None)
    seen = see(session, campaign, shown) if campaign else Seen(say(NOT_SAVED), here().locale.code)
    return {
        "form": form,
        "campaign": campaign,
        "action": _action(campaign),
        "look_url": _look_url(campaign),
        "prospect": request.values.get("prospect", "") if campaign is None else "",
        "problems": _summary(form, places, refused),
        "variants": _variants(form, places),
        "senders": choices.senders(session, campaign),
        "policies": choices.unknown_policies(),
        "source_choices": choices.languages(),
        **audience.told(found, review, leave_out),
        "languages_count": _languages(form, audience.getting(found, review, leave_out)),
        "send_at": request.values.get("send_at", ""),
        "zone": here().zone.key,
        "tokens": _tokens(session),
        "templates": choices.templates(),
        "replaces": replaces,
        "picker": choices.recipients(picked, found, shown),
        "shown": shown,
        "part": part_of(request.values.get("part", "")),
        "seen": seen,
        "theirs": _theirs(form, campaign) if conflict and campaign else [],
    }


def _asked_for(found: Sequence[Recipient]) -> Recipient | None:
    wanted = number(request.values.get("as"))
    return next((item for item in found if item.prospect_id == wanted), None)


def _action(campaign: Campaign | None) -> str:
    return (
        url_for("compose.create") if campaign is None else url_for("compose.update", campaign_id=campaign.id)
    )


def _look_url(campaign: Campaign | None) -> str:
    return url_for("compose.look", campaign_id=campaign.id if campaign else None)


def _refuse(form: ComposeForm, refused: DomainError, review: Review | None) -> None:
    # The first reason was raised; the author is told all of them at once.
    known = review.problems if review else ()
    if refused.refusal is Refusal.VALUES_MISSING:
        return  # told beside the box that leaves recipients out
    problems = known if refused.refusal in {problem.refusal for problem in known} else (refused,)
    for problem in problems:
        language = str(problem.values.get("language", ""))
        form.refuse(problem, f"subject_{language}" if language in LOCALES else None)


def _summary(
    form: ComposeForm, places: Mapping[str, list[Place]], refused: DomainError | None
) -> list[tuple[str, str]]:
    if refused is None:
        return []
    if refused.refusal is Refusal.VALUES_MISSING:
        return [("leave_out", refusal_text(refused))]
    return form.problems() + [
        (field, say(N_("%(label)s: %(value)s"), label=_language_of(field), value=place["text"]))
        for field, found in places.items()
        for place in found
        if place["severity"] == Severity.ERROR.value
    ]


def _language_of(field: str) -> str:
    return LOCALES[field.rpartition("_")[2]].name


def _by_field(review: Review) -> dict[str, list[Place]]:
    found: dict[str, list[Place]] = {}
    for code, findings in review.findings.items():
        for finding in findings:
            place = _place(code, finding)
            found.setdefault(cast(str, place["field"]), []).append(place)
    return found


def _variants(form: ComposeForm, places: Mapping[str, list[Place]]) -> list[dict[str, object]]:
    variants = []
    for locale in LOCALES.values():
        subject, content = form[f"subject_{locale.code}"], form[f"content_{locale.code}"]
        full = [bool((field.data or "").strip()) for field in (subject, content)]
        faults = [places.get(field.name, []) for field in (subject, content)]
        wrong = any(fault["severity"] == Severity.ERROR.value for found in faults for fault in found)
        if wrong or subject.errors or content.errors or (any(full) and not all(full)):
            mark = "problem"
        else:
            mark = "done" if all(full) else "open"
        variants.append(
            {
                "id": f"variant-{locale.code}",
                "label": locale.name,
                "lang": locale.tag,
                "mark": mark,
                "subject": subject,
                "content": content,
                "findings": dict(zip((subject.name, content.name), faults, strict=True)),
            }
        )
    return variants


def _languages(form: ComposeForm, found: Iterable[Recipient]) -> list[tuple[str, int]]:
    written = [code for code, texts in form.texts().items() if any(text.strip() for text in texts)]
    codes = written or list(LOCALES)
    source = form.writing().source_locale
    counts = recipients.count_by_variant(
        list(found), codes, default=program().default_locale, source=source if source in codes else codes[0]
    )
    return [(language_name(code), count) for code, count in counts.items() if count]


def _tokens(session: Session) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = [
        {"written": token.written, "words": say(token.phrase), "name": ""}
        for token in TOKENS
        if token.name != AD_FAMILY
    ]
    rows += [
        {"written": f"{{{AD_PREFIX}{ad.id}}}", "words": say(N_("The ad")), "name": ad.name}
        for ad in ads.list_of(session, program().id)
    ]
    return rows


def _theirs(form: ComposeForm, campaign: Campaign) -> list[dict[str, str]]:
    """Return what the stored version says otherwise than the form."""
    kept = {variant.locale: (variant.subject, variant.content) for variant in campaign.variants}
    words: tuple[Phrase, Phrase] = (N_("Subject"), N_("Content"))
    rows = [
        {"label": say(N_("From name")), "lang": "", "text": campaign.from_name}
        if campaign.from_name != (form.from_name.data or "")
        else None,
        {"label": say(N_("Reply-to address")), "lang": "", "text": campaign.reply_to or ""}
        if (campaign.reply_to or "") != (form.reply_to.data or "")
        else None,
    ]
    for code, mine in form.texts().items():
        for word, own, other in zip(words, mine, kept.get(code, ("", "")), strict=True):
            if own != other:
                label = f"{say(word)} · {LOCALES[code].name}"
                rows.append({"label": label, "lang": LOCALES[code].tag, "text": other})
    return [row for row in rows if row is not None]


def _storable(text: str) -> str:
    # PostgreSQL keeps no NUL in a text; its symbol shows the author what they pasted.
    return text.replace("\0", "\u2400")
