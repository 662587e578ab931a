"""What `content check` finds, and that it finds nothing in our own pages."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from markdown_it.token import Token

from service.content.check import Key, check
from service.facts.stages import ARCHIVED_LABEL, STAGE_LABELS
from service.facts.states import DELIVERY_STATE_LABELS, ROW_OUTCOME_LABELS
from service.i18n.locales import LOCALES
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


def test_languages_are_compared_by_their_files(tmp_path: Path) -> None:
    """DO001, DO002."""
    for code in ("en", "fr"):
        (tmp_path / code).mkdir()
    (tmp_path / "en" / "a.md").write_text("# A")
    (tmp_path / "fr" / "b.md").write_text("# B")
    assert found(tmp_path) == [("en/a.md", "DO001", 1), ("fr/b.md", "DO002", 1)]


SLUGS = sorted(path.stem for path in (data_dir("content") / "en").glob("*.md"))


def test_our_pages_exist_in_every_language() -> None:
    assert {
        code: sorted(path.stem for path in (data_dir("content") / code).glob("*.md")) for code in LOCALES
    } == (dict.fromkeys(LOCALES, SLUGS))


def test_our_pages_have_no_mistakes() -> None:
    """Labels are checked against the catalogs by `make catalogs`."""
    assert check([data_dir("content")]) == ()


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("locale", [code for code in LOCALES if code != "en"])
def test_a_page_is_built_alike_in_every_language(locale: str, slug: str) -> None:
    """DO003, DO004, DO006, DO007, DO008, DO011: blocks, ids, labels, links and hints equal the source's."""
    assert skeleton(locale, slug) == skeleton("en", slug)


def read(locale: str, slug: str) -> str:
    return (data_dir("content") / locale / f"{slug}.md").read_text(encoding="utf-8")


def skeleton(locale: str, slug: str) -> list[object]:
    return list(_bones(parse(read(locale, slug)).tokens))


def _bones(tokens: Sequence[Token]) -> list[object]:
    bones: list[object] = []
    for token in tokens:
        if token.type != "inline":
            bones.append((token.type, token.attrs.get("id"), token.meta.get("style"), token.meta.get("0")))
        else:
            # Within a sentence, languages order their parts differently.
            bones.append(
                sorted(
                    f"{child.type} {child.attrs.get('href', '')} {child.content}"
                    for child in token.children or []
                    if child.type in ("label", "fact", "link_open", "image")
                )
            )
    return bones


@pytest.mark.parametrize("locale", LOCALES)
def test_every_stage_state_and_outcome_is_explained(locale: str) -> None:
    pages = {
        slug: (data_dir("content") / locale / f"{slug}.md").read_text(encoding="utf-8") for slug in SLUGS
    }
    for phrase in [*STAGE_LABELS.values(), ARCHIVED_LABEL]:
        assert f"| {{label({phrase.context}):{phrase.text}}} |" in pages["index"]
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
