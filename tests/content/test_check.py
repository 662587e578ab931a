"""What `content check` finds, and that it finds nothing in our own pages."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from markdown_it.token import Token

from service.content import lock, resolve
from service.content.check import Key, check, labels
from service.facts.findings import Severity
from service.facts.states import DELIVERY_STATE_LABELS, ROW_OUTCOME_LABELS
from service.i18n import po
from service.i18n.catalogs import Catalog
from service.i18n.locales import LOCALES
from service.markdown import source
from service.markdown.dialect import parse
from service.paths import data_dir

KNOWN: frozenset[Key] = frozenset(
    {(None, "Send"), ("row", "Created"), (None, "%(num)s row"), (None, "At %(time)s")}
)


def found(tree: Path, known: frozenset[Key] | None = KNOWN) -> list[tuple[str, str, int]]:
    return [
        (str(Path(finding.path or "").relative_to(tree)), finding.rule, finding.line)
        for finding in check([tree], known)
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("# A\n\n{label:Send} {label(row):Created} {label:%(num)s row}", []),
        ("# A\n\n{label:Nope}", [("no-label", 3)]),
        ("# A\n\na\n{label:Created}", [("no-label", 4)]),
        ("# A\n\n{label:At %(time)s}", [("label-with-values", 3)]),
        ("# A\n\n| a |\n|---|\n| {label:Nope} |", [("no-label", 5)]),
        ("# A\n\n{fact:nope}", [("no-fact", 3)]),
        ("# A\n\n[x](b.md)", [("no-page", 3)]),
        ("# A\n\n[x](#nope) [y](#a)", [("no-id", 3)]),
        ("# A\n\n[x](a.md#nope)", [("no-id", 3)]),
        ("# A\n\n[x](a.md#a) [y](https://e.example/b.md)", []),
        ("# A\n\n![x](no.png)", [("no-file", 3)]),
        ("# A\n\n![x](/files/no.png)", []),
        ('# A\n\n{% include "no.md" %}', [("no-file", 3)]),
        ('# A\n\n{% include "a.md" %}', []),
        ("# A\n\n{% hint %}", [("unclosed-tag", 3)]),
        ("# A\n\n[x](javascript:y)", [("unsafe-link", 3)]),
        ("---\na: [\n---\n# A", [("front-matter", 3)]),
        (" \n", [("empty-page", 1)]),
    ],
)
def test_each_mistake_is_found(tmp_path: Path, source: str, expected: list[tuple[str, int]]) -> None:
    (tmp_path / "a.md").write_text(source, encoding="utf-8")
    assert found(tmp_path) == [("a.md", rule, line) for rule, line in expected]


def test_labels_are_not_judged_without_catalogs(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\n\n{label:Nope}")
    assert found(tmp_path, None) == []


def write(tree: Path, **pages: str) -> None:
    """Write pages named `en_a` as `en/a.md`."""
    for name, text in pages.items():
        path = tree / (name.replace("_", "/") + ".md")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_languages_are_compared_by_their_files(tmp_path: Path) -> None:
    """DO001, DO002."""
    write(tmp_path, en_a="# A", fr_b="# B")
    assert found(tmp_path) == [("en/a.md", "DO001", 1), ("fr/b.md", "DO002", 1)]


def test_folders_below_a_language_are_compared_too(tmp_path: Path) -> None:
    """DO001: any folder of Markdown, ours or not."""
    write(tmp_path, en_guide_a="# A\n\nb", fr_guide_a="# A {#x}\n\nb", fr_c="# C")
    assert found(tmp_path) == [("fr/c.md", "DO002", 1), ("fr/guide/a.md", "DO004", 1)]


def test_a_translation_is_compared_with_its_source_alone(tmp_path: Path) -> None:
    write(tmp_path, en_a="# A {#a}\n\n12 boats", fr_a="# A {#a}\n\n13 bateaux")
    findings = check([tmp_path / "fr" / "a.md"])
    assert [(finding.rule, finding.line) for finding in findings] == [("DO012", 3), ("DO012", 3)]


def test_a_source_can_be_named(tmp_path: Path) -> None:
    write(tmp_path, one="# A {#a}\n\n`x`", other="# あ {#a}\n\n`y`。")
    findings = check([tmp_path / "other.md"], source=tmp_path / "one.md", locale="ja")
    assert [(finding.rule, finding.line) for finding in findings] == [("DO005", 3), ("DO005", 3)]


def test_a_broken_source_judges_no_translation(tmp_path: Path) -> None:
    write(tmp_path, en_a="", fr_a="# A")
    assert found(tmp_path) == [("en/a.md", "empty-page", 1)]


def test_what_went_stale_is_told_with_the_words_that_changed(tmp_path: Path) -> None:
    """DO009."""
    write(tmp_path, en_a="# A {#a}\n\nOld words.\n\nMore.", fr_a="# A {#a}\n\nDes mots.\n\nPlus.")
    document = parse((tmp_path / "en" / "a.md").read_text())
    translated = parse((tmp_path / "fr" / "a.md").read_text())
    locked = lock.recorded(lock.pairs(document, translated), ())
    (tmp_path / "fr" / "a.lock").write_text(lock.write(locked), encoding="utf-8")
    assert found(tmp_path) == []
    write(tmp_path, en_a="# A {#a}\n\nNew words.\n\nMore.\n\n* And more.")
    findings = check([tmp_path])
    assert [(finding.rule, finding.severity, finding.line) for finding in findings] == [
        ("DO009", Severity.WARNING, 3),
        ("DO009", Severity.WARNING, 5),
    ]
    assert [finding.values for finding in findings] == [
        {"line": 3, "change": "[-Old-]{+New+} words."},
        {"line": 7, "words": "And more."},
    ]


def test_a_lock_that_is_missing_or_broken(tmp_path: Path) -> None:
    write(tmp_path, en_a="# A {#a}", fr_a="# A {#a}", en_b="# B {#b}", fr_b="# B {#b}")
    (tmp_path / "fr" / "b.lock").write_text("no lock")
    assert found(tmp_path) == [("fr/a.md", "DO009", 1), ("fr/b.md", "DO009", 1)]
    assert [finding.severity for finding in check([tmp_path])] == [Severity.WARNING, Severity.ERROR]


def test_a_label_typed_by_hand_is_found_where_others_are_references(tmp_path: Path) -> None:
    strings = labels({"fr": {(None, "Send"): "Envoyer", ("row", "Created"): "Créé"}})
    write(tmp_path, fr_a="# A\n\n{label:Send} **Créé** **Autre**", fr_b="# B\n\n**Envoyer**")
    findings = check([tmp_path], KNOWN, labels=strings)
    assert [(finding.rule, finding.line, finding.column, finding.values["name"]) for finding in findings] == [
        ("typed-label", 3, 16, "{label(row):Created}")
    ]


def test_a_glossary_beside_the_pages_is_kept_to(tmp_path: Path) -> None:
    write(tmp_path / "content", en_a="# A {#a}\n\nThe boat.", fr_a="# A {#a}\n\nLe rafiot.")
    (tmp_path / "locales").mkdir()
    (tmp_path / "locales" / "glossary.toml").write_text(
        '[[row]]\nterms = [{ en = "boat", fr = "bateau", ja = "船", zh = "船" }]\nbanned.fr = ["rafiot"]\n'
    )
    assert [(finding.rule, finding.line) for finding in check([tmp_path / "content"])] == [("CO003", 3)]


SLUGS = sorted(path.stem for path in (data_dir("content") / "en").glob("*.md"))


def test_our_pages_exist_in_every_language() -> None:
    assert {
        code: sorted(path.stem for path in (data_dir("content") / code).glob("*.md")) for code in LOCALES
    } == (dict.fromkeys(LOCALES, SLUGS))


def our_strings(code: str) -> dict[Key, str]:
    path = data_dir("locales") / code / "LC_MESSAGES" / "messages.po"
    return {(entry.context, entry.id): entry.strings[0] for entry in po.read(path.read_bytes()).messages}


def test_our_pages_are_silent_with_all_rules_on() -> None:
    """DO001 to DO022, labels, glossary, typography: all pages in four languages, down to advice."""
    strings = {code: our_strings(code) for code in LOCALES}
    assert check([data_dir("content")], frozenset(strings["en"]), labels=labels(strings)) == ()


def test_a_label_that_is_deleted_fails_on_every_page_that_names_it() -> None:
    known = frozenset(our_strings("en")) - {(None, "Discover")}
    findings = check([data_dir("content")], known)
    assert {finding.rule for finding in findings} == {"no-label"}
    assert {Path(finding.path or "").parent.name for finding in findings} == set(LOCALES)
    assert all(finding.severity is Severity.ERROR for finding in findings)


def test_a_label_that_is_renamed_is_renamed_on_every_page() -> None:
    for code, locale in LOCALES.items():
        strings = {id if context is None else f"{context}\x04{id}": said for (context, id), said in
                   our_strings(code).items()}  # fmt: skip
        catalog = Catalog(locale, strings | {"Discover": "«Renamed»"}, {})
        page = parse(read(code, "contact-a-prospect"))
        written = source.render(resolve.resolve(page, catalog, lambda _slug: None))
        assert (
            written.count("**«Renamed»**") == read(code, "contact-a-prospect").count("{label:Discover}") > 0
        )


def test_each_of_our_translations_has_a_lock() -> None:
    for code in LOCALES:
        locks = sorted(path.stem for path in (data_dir("content") / code).glob("*.lock"))
        assert locks == ([] if code == "en" else SLUGS)


def read(locale: str, slug: str) -> str:
    return (data_dir("content") / locale / f"{slug}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("locale", LOCALES)
def test_every_state_and_outcome_is_explained(locale: str) -> None:
    pages = {
        slug: (data_dir("content") / locale / f"{slug}.md").read_text(encoding="utf-8") for slug in SLUGS
    }
    for phrase in DELIVERY_STATE_LABELS.values():
        assert f"| {{label({phrase.context}):{phrase.text}}} |" in pages["contact-a-prospect"]
    for phrase in ROW_OUTCOME_LABELS.values():
        assert f"| {{label({phrase.context}):{phrase.text}}} |" in pages["bulk-import-prospects"]


@pytest.mark.parametrize(
    ("locale", "never"),
    [
        ("fr", ["\u0020:", "\u0020;", "\u0020?", "\u0020!", "« ", " »", "'", "..."]),
        ("ja", ["、 ", "。 ", "(", ":\n", "下さい", "出来", "全て", "することができ", "あなた"]),
        ("zh", ["你", "「", "」", "帐户", ", ", "， ", "。 ", "一旦"]),
    ],
)
def test_marks_and_words_that_a_language_never_has(locale: str, never: list[str]) -> None:
    for slug in SLUGS:
        words = "\n".join(_plain(parse(read(locale, slug)).tokens))
        for one in never:
            assert one not in words, (slug, one)


def _plain(tokens: Sequence[Token]) -> list[str]:
    return [
        "".join(child.content if child.type == "text" else "…" for child in token.children or [])
        for token in tokens
        if token.type == "inline"
    ]
