"""The language of a file, and the file it was translated from."""

from pathlib import Path

import pytest

from service.content.places import place


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("content/ja/a.md", "ja"),
        ("docs/fr/guide/a.md", "fr"),
        ("docs/zh-CN/a.md", "zh"),
        ("docs/zh-Hans/a.md", "zh"),
        ("docs/zh-TW/a.md", None),
        ("a.ja.md", "ja"),
        ("en/a.fr.md", "fr"),
        ("a.min.md", None),
        ("a.md", None),
        ("fr.md", None),
    ],
)
def test_a_folder_or_a_name_tells_the_language(name: str, code: str | None) -> None:
    assert place(Path("/pages") / name).code == code


def test_a_translation_knows_its_source(tmp_path: Path) -> None:
    for name in (
        "en/guide/a.md",
        "fr/guide/a.md",
        "fr/guide/b.md",
        "c.md",
        "c.ja.md",
        "d.en.md",
        "d.zh.md",
        "e.ja.md",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("# A")
    sources = {
        name: place(tmp_path / name).source
        for name in (
            "fr/guide/a.md",
            "fr/guide/b.md",
            "en/guide/a.md",
            "c.ja.md",
            "d.zh.md",
            "e.ja.md",
            "c.md",
        )
    }
    assert sources == {
        "fr/guide/a.md": tmp_path / "en/guide/a.md",
        "fr/guide/b.md": None,
        "en/guide/a.md": None,
        "c.ja.md": tmp_path / "c.md",
        "d.zh.md": tmp_path / "d.en.md",
        "e.ja.md": None,
        "c.md": None,
    }


def test_paths_are_named_as_they_were_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for code in ("en", "fr"):
        (tmp_path / code).mkdir()
        (tmp_path / code / "a.md").write_text("# A")
    monkeypatch.chdir(tmp_path)
    assert place(Path("fr/a.md")).source == Path("en/a.md")
    monkeypatch.chdir(tmp_path / "fr")
    assert place(Path("a.md")).source == tmp_path / "en" / "a.md"
