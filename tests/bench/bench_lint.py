"""The lint: its time against pofilter on the same files, and what it finds in catalogs that are well kept."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from service.facts.findings import Severity
from service.i18n import po
from service.i18n.fill import fill
from service.i18n.locales import LOCALES
from service.lint import catalog_files
from service.lint.catalog_files import Frame
from service.paths import PACKAGE, data_dir
from tests.lint.catalogs import LANGUAGES, entries, installed, ours

ENTRIES = int(os.environ.get("BENCH_ENTRIES", "5000"))
EXAMPLES = 3
ROUNDS = 3
BENCH = PACKAGE.parent / ".venv" / "bench"
UNFINISHED = ("ST001", "ST002")
"""What is not translated yet is no finding on what is."""


def catalog(code: str) -> str:
    """A catalog of so many real entries; those that come again have a context, so that none is doubled."""
    locale = LOCALES[code]
    head = "Content-Type: text/plain; charset=UTF-8\n"
    head += f"Language: {code}\nPlural-Forms: {locale.plural_forms}\n"
    forms = {True: locale.plural_count, False: 1}
    real = [one for one in entries(code) if len(one.strings) == forms[one.plural is not None]]
    made = [real[number % len(real)]._replace(context=f"{number}") for number in range(ENTRIES)]
    return po.serialize([po.Entry(None, "", None, (head,)), *made])


def test_time_against_pofilter(tmp_path: Path) -> None:
    paths = []
    for code in LANGUAGES:
        path = tmp_path / f"{code}.po"
        path.write_text(catalog(code), encoding="utf-8")
        paths.append(path)
    glossary = data_dir("locales") / "glossary.toml"
    ours = [*("-m", "service", "catalog", "check", "--json"), "--glossary", str(glossary), *map(str, paths)]
    mine, theirs = [], []
    for _ in range(ROUNDS):
        mine.append(_seconds(ours))
        theirs.append(sum(_seconds(
            ["-m", "translate.filters.pofilter", f"--language={path.stem}", "--progress=none",
             "-i", str(path), "-o", str(tmp_path / "out.po")]) for path in paths))  # fmt: skip
    print(
        f"\nlint of {ENTRIES} entries x {len(paths)} languages: {min(mine):.2f} s; "
        f"pofilter: {min(theirs):.2f} s; ratio {min(theirs) / min(mine):.2f} (target >= 3)"
    )


def _seconds(arguments: list[str]) -> float:
    """Return the processor time of a fresh Python, its start included."""
    before = os.times()
    subprocess.run(
        [sys.executable, *arguments], check=False, env={**os.environ, "PYTHONPATH": str(BENCH)},
        cwd=PACKAGE.parent, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    after = os.times()
    spent = after.children_user + after.children_system
    return spent - before.children_user - before.children_system


def test_false_findings() -> None:
    """Errors and warnings on well-kept catalogs, to be looked at: target fewer than 1 for 100 strings."""
    for name, paths in (("our catalogs", ours()), ("installed catalogs", installed())):
        strings, rules, examples = 0, Counter[str](), []
        for path in paths:
            strings += sum(entry.translated for entry in po.read(path.read_bytes()).messages)
            for one in catalog_files.check_file(path, Frame(data_dir("locales"))):
                if one.severity is Severity.ADVICE or one.rule in UNFINISHED:
                    continue
                rules[one.rule] += 1
                if rules[one.rule] <= EXAMPLES:
                    text = fill(one.phrase.text, one.values)
                    examples.append(
                        f"  {one.rule} {'/'.join(path.parts[-6:])}:{one.line}:{one.column} {text}"
                    )
        total = rules.total()
        share = 100 * total / max(strings, 1)
        print(f"\n{name}: {strings} strings, {total} errors and warnings, {share:.2f} for 100")
        print("  " + ", ".join(f"{rule} {count}" for rule, count in rules.most_common()))
        print("\n".join(sorted(examples)))
