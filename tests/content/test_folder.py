"""A folder of Markdown: what its pages take from each other, and that nothing outside it is read."""

from pathlib import Path

import pytest

from service.content.folder import Folder
from service.facts.findings import Finding
from service.markdown import html
from service.markdown.dialect import parse


def folder(root: Path, files: dict[str, str]) -> Folder:
    for name, words in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(words, encoding="utf-8")
    return Folder(root)


def page(made: Folder, name: str) -> tuple[str, list[tuple[str, str | None, int]]]:
    path = made.root / name
    woven = made.woven(parse(path.read_text(encoding="utf-8")), path)

    def place(found: Finding) -> str | None:
        return str(Path(found.path).relative_to(made.root)) if found.path else None

    return html.render(woven), [(found.rule, place(found), found.line) for found in woven.findings]


def test_an_include_takes_its_place(tmp_path: Path) -> None:
    made = folder(
        tmp_path,
        {
            "guide/a.md": '# A\n\n1. x\n\n   {% include "../.gitbook/includes/note one.md" %}\n\n2. y',
            ".gitbook/includes/note one.md": (
                '---\ntitle: N\n---\n\n{% hint %}\nn\n{% endhint %}\n\n{% include "two.md" %}'
            ),
            ".gitbook/includes/two.md": "# A\n\n{% foo %}",
        },
    )
    assert page(made, "guide/a.md") == (
        '<h1 id="a">A</h1>\n<ol>\n<li><p>x</p>\n<aside class="hint hint-info" role="note">\n<p>n</p>\n'
        '</aside>\n<h1 id="a-1">A</h1>\n<p>{% foo %}</p>\n</li>\n<li><p>y</p>\n</li>\n</ol>\n',
        [("unknown-tag", ".gitbook/includes/two.md", 3)],
    )


def test_tabs_and_notes_of_includes_have_ids_of_their_own(tmp_path: Path) -> None:
    tabs = '{% tabs %}\n{% tab title="T" %}\na[^1]\n{% endtab %}\n{% endtabs %}\n\n[^1]: n\n'
    made = folder(tmp_path, {"a.md": tabs + '\n{% include "b.md" %}', "b.md": tabs})
    shown, findings = page(made, "a.md")
    ids = [part.partition('"')[0] for part in shown.split(' id="')[1:]]
    assert len(ids) == len(set(ids)) == 8
    assert 'href="#tab-2"' in shown
    assert 'href="#fn-1-1"' in shown
    assert findings == []


@pytest.mark.parametrize(
    "address", ["none.md", "../outside.md", "/etc/passwd", "link.md", "", "%00", "..%2foutside.md", "folder"]
)
def test_nothing_outside_is_included(tmp_path: Path, address: str) -> None:
    """X-8."""
    (tmp_path / "outside.md").write_text("secret")
    made = folder(tmp_path / "in", {"a.md": f'{{% include "{address}" %}}', "folder/b.md": "b"})
    (tmp_path / "in" / "link.md").symlink_to(tmp_path / "outside.md")
    shown, findings = page(made, "a.md")
    assert shown == f"<p><code>{address}</code></p>\n"
    assert findings == [("no-include", "a.md", 1)]


def test_loops_end(tmp_path: Path) -> None:
    made = folder(tmp_path, {"a.md": 'a\n\n{% include "b.md" %}', "b.md": 'b\n\n{% include "a.md" %}'})
    assert page(made, "a.md") == (
        "<p>a</p>\n<p>b</p>\n<p><code>a.md</code></p>\n",
        [("include-loop", "b.md", 3)],
    )


def test_includes_that_double_end(tmp_path: Path) -> None:
    """X-4: each file includes the next one twice."""
    files = {f"{number}.md": f'{{% include "{number + 1}.md" %}}\n' * 4 for number in range(12)}
    shown, findings = page(folder(tmp_path, {**files, "12.md": "end"}), "0.md")
    assert shown.count("<p>") < 5_000
    assert {rule for rule, _, _ in findings} == {"include-loop"}


def test_references_and_mentions_show_titles(tmp_path: Path) -> None:
    made = folder(
        tmp_path,
        {
            "a.md": (
                '{% content-ref url="sub/" %}\n[sub](sub/)\n{% endcontent-ref %}\n\n'
                '[b.md](sub/b%20c.md "mention") <a data-mention href="/a.md#x">a.md</a> '
                '[none](none.md "mention") [own](sub/b%20c.md)\n\n# Me & *you*'
            ),
            "sub/README.md": "# The sub\n",
            "sub/b c.md": "# {label:Send} it\n",
        },
    )
    assert page(made, "a.md")[0] == (
        '<div class="content-ref">\n<p><a href="sub/">The sub</a></p>\n</div>\n'
        '<p><a href="sub/b%20c.md">Send it</a> <a href="/a.md#x">Me &amp; you #x</a> '
        '<a href="none.md">none</a> <a href="sub/b%20c.md">own</a></p>\n'
        '<h1 id="me-you">Me &amp; <em>you</em></h1>\n'
    )


def test_variables_of_the_folder_and_of_the_page(tmp_path: Path) -> None:
    made = folder(
        tmp_path,
        {
            ".gitbook/vars.yaml": "version: 2\n",
            "a.md": (
                '---\nvars:\n  beta: true\n---\n<code class="expression">space.vars.version</code>'
                ' <code class="expression">page.vars.beta ? "new" : "old"</code>'
            ),
        },
    )
    assert page(made, "a.md")[0] == "<p>2 new</p>\n"


@pytest.mark.parametrize("written", ["a: [", "- a", "\x00", "!!python/object/apply:os.system ['x']"])
def test_variables_that_cannot_be_read_are_none(tmp_path: Path, written: str) -> None:
    made = folder(tmp_path, {".gitbook/vars.yaml": written, "a.md": "x"})
    assert made.variables == {}
