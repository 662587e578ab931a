"""References, facts and generated blocks: the same in every face."""

import re

import pytest

from service.content import resolve
from service.content.generated import FACTS, TABLES
from service.csvfile import file as csvfile
from service.csvfile import words
from service.csvfile.headers import COLUMNS
from service.facts import limits
from service.facts.permissions import ROLE_LABELS, ROLE_PERMISSIONS, BuiltInRole, Permission
from service.facts.stages import ARCHIVED_LABEL, STAGE_LABELS
from service.i18n.catalogs import Catalog, Catalogs
from service.i18n.locales import LOCALES
from service.mail import tokens
from service.mail.tokens import TOKENS
from service.markdown import html, text
from service.markdown import source as markdown
from service.markdown.dialect import parse
from service.paths import data_dir


@pytest.fixture(scope="module")
def catalogs() -> Catalogs:
    return Catalogs(data_dir("locales"))


def no_title(_slug: str) -> None:
    return None


def written(source: str, catalog: Catalog) -> str:
    """Return a page as it is served as Markdown."""
    return markdown.render(resolve.resolve(parse(source), catalog, no_title)).rstrip("\n")


def french(texts: dict[str, str], forms: dict[str, tuple[str, ...]] | None = None) -> Catalog:
    return Catalog(LOCALES["fr"], texts, forms or {})


def test_labels_print_the_string_of_the_screen() -> None:
    catalog = french(
        {"Send": "Envoyer", "row\x04Created": "Créé"}, {"%(num)s row": ("%(num)s ligne", "%(num)s lignes")}
    )
    source = "{label:Send} {label(row):Created} {label:%(num)s row} {label:Nowhere}"
    document = resolve.resolve(parse(source), catalog, no_title)
    shown = ["Envoyer", "Créé", "12 lignes", "Nowhere"]
    assert re.findall(r'<strong class="label">([^<]*)</strong>', html.render(document)) == shown
    assert text.render(document) == " ".join(f"«\u00a0{one}\u00a0»" for one in shown) + "\n"
    assert written(source, catalog) == " ".join(f"**{one}**" for one in shown)


def test_code_and_escapes_keep_what_is_written() -> None:
    catalog = french({"Send": "Envoyer"})
    for source in ("`{label:Send}`", "``a `{label:Send}` b``", "\\{label:Send}", "```\n{label:Send}\n```"):
        assert written(source, catalog) == source
        shown = html.render(resolve.resolve(parse(source), catalog, no_title))
        assert "{label:Send}" in shown


def test_a_label_is_data() -> None:
    """X-2: a translation cannot bring markup into a page."""
    catalog = french({"Send": "<b>*a*|b {label:Send}"})
    served = written("{label:Send}", catalog)
    direct = html.render(resolve.resolve(parse("{label:Send}"), catalog, no_title))
    assert "&lt;b&gt;*a*|b {label:Send}" in direct
    assert "&lt;b&gt;*a*|b {label:Send}" in html.render(parse(served))


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("slug", ["index", "contact-a-prospect", "bulk-import-prospects", "email-tokens"])
def test_the_markdown_served_is_the_page_shown(catalogs: Catalogs, locale: str, slug: str) -> None:
    """Both ways of filling in references, on tokens and on the source, come to the same page."""
    catalog = catalogs.catalog(locale)
    source = (data_dir("content") / locale / f"{slug}.md").read_text(encoding="utf-8")
    shown = html.render(resolve.resolve(parse(source), catalog, no_title))
    served = html.render(resolve.resolve(parse(written(source, catalog)), catalog, no_title))
    assert served == shown.replace('<strong class="label">', "<strong>")


@pytest.mark.parametrize("locale", LOCALES)
def test_generated_tables_have_a_row_for_everything_there_is(catalogs: Catalogs, locale: str) -> None:
    catalog = catalogs.catalog(locale)
    tokens = html.render(parse(TABLES["tokens"](catalog)))
    assert tokens.count("<tr>") == len(TOKENS) + 1
    for token in TOKENS:
        assert f"<code>{token.written.replace('<', '&lt;').replace('>', '&gt;')}</code>" in tokens
    columns = html.render(parse(TABLES["csv-columns"](catalog)))
    assert columns.count("<tr>") == len(COLUMNS) + 1
    for column in COLUMNS:
        assert f"<td>{column.names[locale]}</td>" in columns
    for name, make in TABLES.items():
        assert parse(make(catalog)).findings == (), name


@pytest.mark.parametrize("locale", LOCALES)
def test_stages_and_permissions_are_those_of_the_code(catalogs: Catalogs, locale: str) -> None:
    catalog = catalogs.catalog(locale)
    stages = html.render(parse(TABLES["stages"](catalog)))
    for phrase in (*STAGE_LABELS.values(), ARCHIVED_LABEL):
        assert stages.count(f"<td><strong>{catalog.say(phrase)}</strong></td>") == 1
    permissions = html.render(parse(TABLES["permissions"](catalog)))
    assert permissions.count("<tr>") == len(Permission) + 1
    translator = catalog.say(ROLE_LABELS[BuiltInRole.TRANSLATOR])
    assert permissions.count(translator) == len(ROLE_PERMISSIONS[BuiltInRole.TRANSLATOR])
    matrix = html.render(parse(TABLES["role-matrix"](catalog)))
    assert matrix.count(f"<td>{catalog.gettext('Yes')}</td>") == sum(map(len, ROLE_PERMISSIONS.values()))
    assert matrix.count("<td>") == len(Permission) * (len(BuiltInRole) + 1)


@pytest.mark.parametrize("locale", LOCALES)
def test_error_texts_are_what_the_checks_answer(catalogs: Catalogs, locale: str) -> None:
    """Every sample is refused, and each for one reason, in the words that its author sees."""
    catalog = catalogs.catalog(locale)
    errors = html.render(parse(TABLES["token-errors"](catalog)))
    assert errors.count("<tr>") == 8
    shown = catalog.say(tokens.UNKNOWN_NEAR, token="{fristName}", nearest="{firstName}")
    assert f"<td><code>{{fristName}}</code></td>\n<td>{shown}</td>" in errors.replace(
        "</td><td>", "</td>\n<td>"
    )
    files = text.render(parse(TABLES["file-errors"](catalog)))
    assert len(files.splitlines()) == 6
    (missing, *_) = csvfile.read(b"x\n", locale=locale).findings
    assert f"- {words.say(missing.phrase, missing.values, catalog)}\n" in files


def test_a_limit_that_changes_reaches_every_page(catalogs: Catalogs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed limit reaches four pages with no edit."""
    monkeypatch.setattr(limits, "INVITATION_DAYS", 4321)
    monkeypatch.setattr(limits, "EMAIL_SUBJECT_CHARACTERS", 5432)
    for locale in LOCALES:
        catalog = catalogs.catalog(locale)
        for slug, number in (("index", 4321), ("email-tokens", 5432), ("contact-a-prospect", 5432)):
            source = (data_dir("content") / locale / f"{slug}.md").read_text(encoding="utf-8")
            assert catalog.formats.number(number) in written(source, catalog)


def test_examples_are_dates_of_the_language(catalogs: Catalogs) -> None:
    """What went wrong in the seeds: an English date on a Chinese page."""
    for locale, date in {"en": "January 19, 2038", "fr": "19 janvier 2038", "zh": "2038年1月19日"}.items():
        assert f"| {date} |" in TABLES["tokens"](catalogs.catalog(locale))


def test_facts_follow_the_code(catalogs: Catalogs, monkeypatch: pytest.MonkeyPatch) -> None:
    assert FACTS["import rows"](catalogs.catalog("fr")) == "1\u202f000\u202f000"
    assert FACTS["import file size"](catalogs.catalog("fr")) == "200\u00a0Mo"
    monkeypatch.setattr(limits, "IMPORT_ROWS", 5)
    assert FACTS["import rows"](catalogs.catalog("fr")) == "5"


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("{fact:no such}", "no-fact"),
        ('{% generated "nope" %}', "no-table"),
        ("|a|\n|-|\n|{label:x|y}|", "broken-reference"),
    ],
)
def test_names_of_nothing_are_found_and_stay_visible(catalogs: Catalogs, source: str, rule: str) -> None:
    document = parse(f"a\n\n{source}")
    found = [finding.rule for finding in resolve.unresolved(document)]
    assert found == [rule]
    shown = html.render(resolve.resolve(document, catalogs.catalog("en"), no_title))
    assert "no such" in shown or "nope" in shown or "{label:x" in shown


def test_hints_bear_their_word_unless_they_have_a_heading() -> None:
    catalog = french({"hint\x04Important": "Important !"})
    source = '{% hint style="warning" %}\na\n{% endhint %}\n{% hint %}\n#### B\n{% endhint %}'
    shown = html.render(resolve.resolve(parse(source), catalog, no_title))
    assert re.findall(r'<p class="hint-title">([^<]*)</p>', shown) == ["Important !"]
