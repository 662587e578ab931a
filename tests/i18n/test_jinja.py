"""Translation in templates: the safe-markup rule, values, blocks, filters."""

import datetime as dt
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment, StrictUndefined, select_autoescape
from markupsafe import Markup

from service.facts.words import N_, NN_, NP_
from service.i18n.catalogs import Catalog
from service.i18n.jinja import install, safe_markup
from service.i18n.locales import LOCALES
from tests.i18n.conftest import make

BODY = """
msgid "Save"
msgstr "Enregistrer"

msgctxt "stage"
msgid "New"
msgstr "Nouveau"

msgid "Hello %(name)s"
msgstr "Bonjour %(name)s"

msgid "%(num)s file"
msgid_plural "%(num)s files"
msgstr[0] "%(num)s fichier"
msgstr[1] "%(num)s fichiers"

msgid "Read <a href=\\"%(url)s\\">the help</a>"
msgstr "Lisez <a href=\\"%(url)s\\">l’aide</a>"

msgid "Two words"
msgstr "Deux mots"
"""


LINK = '{{ _("Read <a href=\\"%(url)s\\">the help</a>", url=link) }}'


def render(source: str, name: str = "page.html", catalog: Catalog | None = None, **values: object) -> str:
    words = catalog or make("fr", BODY)
    env = Environment(
        loader=DictLoader({name: source}), autoescape=select_autoescape(), undefined=StrictUndefined
    )
    install(env, lambda: words)
    return env.get_template(name).render(**values)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('{{ _("Save") }}', "Enregistrer"),
        ('{{ gettext("Save") }}', "Enregistrer"),
        ('{{ pgettext("stage", "New") }}', "Nouveau"),
        ('{{ _("Hello %(name)s", name=who) }}', "Bonjour &lt;b&gt;"),
        ('{{ _("Hello %(name)s", name=safe) }}', "Bonjour <i>x</i>"),
        ('{{ _("Hello %(name)s", name=1204) }}', "Bonjour 1\u202f204"),
        ('{{ ngettext("%(num)s file", "%(num)s files", 1204) }}', "1\u202f204 fichiers"),
        ('{{ say(phrase) }} {{ say(count, num=1) }}', "Nouveau 1 fichier"),
        ('{{ say(hello, name=phrase) }}', "Bonjour Nouveau"),
        (LINK, 'Lisez <a href="/?a=1&amp;b=&#34;">l’aide</a>'),
        ("{% trans %}\n  Two\n  words\n{% endtrans %}", "Deux mots"),
        ("{% trans name=who %}Hello {{ name }}{% endtrans %}", "Bonjour &lt;b&gt;"),
        ('{{ _("100% sure") }}', "100% sure"),
        ('{{ _("Untranslated %(x)s") }}', "Untranslated %(x)s"),
        ("{{ 1204|number }} {{ 0.15|percent }} {{ 1048576|file_size }}", "1\u202f204 15\u00a0% 1\u00a0Mo"),
        ("{{ day|long_date }} {{ ['A', 'B']|listing }}", "19 janvier 2038 A et B"),
    ],
)  # fmt: skip
def test_templates(source: str, expected: str) -> None:
    assert (
        render(
            source,
            who="<b>",
            safe=Markup("<i>x</i>"),
            link='/?a=1&b="',
            phrase=NP_("stage", "New"),
            count=NN_("%(num)s file", "%(num)s files"),
            hello=N_("Hello %(name)s"),
            day=dt.date(2038, 1, 19),
        )
        == expected
    )


def test_a_trans_block_counts_with_num() -> None:
    source = "{% trans num=n %}{{ num }} file{% pluralize num %}{{ num }} files{% endtrans %}"
    assert render(source, n=5) == "5 fichiers"


def test_text_templates_are_not_escaped() -> None:
    assert render('{{ _("Hello %(name)s", name="<b>") }}', "mail.txt") == "Bonjour <b>"


@pytest.mark.parametrize(
    ("text", "source", "expected"),
    [
        ("R&D", "R&D", "R&amp;D"),
        ("a&nbsp;b", "x&nbsp;y", "a&nbsp;b"),
        ("a&nbsp;b", "x y", "a&amp;nbsp;b"),
        ("<b>A</b>", "<b>B</b>", "<b>A</b>"),
        ("<b>A</b>", "B", "&lt;b&gt;A&lt;/b&gt;"),
        ("<b>A", "<b>B</b>", "&lt;b&gt;A"),
        ("</b>A<b>", "<b>B</b>", "&lt;/b&gt;A&lt;b&gt;"),
        ("<b>A</b><b>B</b>", "<b>B</b>", "<b>A</b><b>B</b>"),
        ('<b class="x">A</b>', "<b>B</b>", "&lt;b class=&#34;x&#34;&gt;A&lt;/b&gt;"),
        ("<b onclick=x>A</b>", "<b>B</b>", "&lt;b onclick=x&gt;A&lt;/b&gt;"),
        ("<script>x</script>", "<b>B</b>", "&lt;script&gt;x&lt;/script&gt;"),
        ("<b><img src=x onerror=y></b>", "<b>B</b>", "<b>&lt;img src=x onerror=y&gt;</b>"),
        ("A</b>", "A</b>", "A</b>"),
        ("<B>A</B>", "<b>B</b>", "&lt;B&gt;A&lt;/B&gt;"),
        ("A<br>B", "B<br>A", "A<br>B"),
        ("a < b > c", "a < b > c", "a &lt; b &gt; c"),
        ("<b<b>>A</b>", "<b>B</b>", "&lt;b<b>&gt;A</b>"),
    ],
)
def test_only_the_sources_own_tags_come_through(text: str, source: str, expected: str) -> None:
    assert safe_markup(text, (source,)) == expected


TAGGED = st.text(alphabet="<>/b ai&;='\"x\n!-", max_size=40)


class Tags(HTMLParser):
    """The tags a browser would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.append(self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self.seen.append(f"</{tag}>")

    def handle_comment(self, data: str) -> None:
        self.seen.append(f"<!--{data}-->")


@given(TAGGED, TAGGED)
@example("</b/>", "</b/>")
def test_a_browser_sees_no_tag_that_the_source_does_not_have(text: str, source: str) -> None:
    parser, own = Tags(), Tags()
    for reader, words in ((parser, safe_markup(text, (source,))), (own, source)):
        reader.feed(words)
        reader.close()
    bare = source.lower().replace(" ", "")
    assert [
        tag for tag in parser.seen if tag not in own.seen and tag.lower().replace(" ", "") not in bare
    ] == []


def test_a_plural_may_use_the_tags_of_either_source() -> None:
    assert safe_markup("<b>2</b>", ("1", "<b>2</b>")) == "<b>2</b>"


def test_a_hostile_translation_stays_text_on_the_page() -> None:
    catalog = Catalog(LOCALES["fr"], {"Save": "<script>alert(1)</script>"}, {})
    assert render('{{ _("Save") }}', catalog=catalog) == "&lt;script&gt;alert(1)&lt;/script&gt;"


def test_one_environment_serves_every_language_in_turn() -> None:
    """P7: the catalog is asked at every call, so no reader sees the language of the one before."""
    current = make("fr", BODY)
    env = Environment(autoescape=True)
    install(env, lambda: current)
    template = env.from_string('{{ _("Save") }} {{ 1204|number }}')
    first = template.render()
    current = make("ja", 'msgid "Save"\nmsgstr "保存"\n')
    assert (first, template.render()) == ("Enregistrer 1\u202f204", "保存 1,204")
