"""`prospectus content lock`: a translator's word that a page renders its source as it is now."""

from pathlib import Path

import click

from service.cli.words import WORDS, end, fail, say
from service.content import files, lock
from service.content.places import Place, place
from service.facts.words import N_


@click.command(
    "lock",
    help=WORDS.say(
        N_(
            "Record that translations were reviewed: each block renders the source page as it is now. "
            "Name pages, or directories for all pages below."
        )
    ),
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--line",
    "lines",
    type=click.IntRange(min=1),
    multiple=True,
    help=WORDS.say(N_("Only the block on this line of the translation.")),
)
def lock_pages(paths: tuple[Path, ...], *, lines: tuple[int, ...]) -> None:
    pages = [found for path in paths for found in _pages(path)]
    if not pages:
        fail(N_("No page here is a translation of another."))
    for one, source in pages:
        try:
            _record(one, source, lines)
        except files.BrokenPage as broken:
            finding = broken.finding
            message = WORDS.say(finding.phrase, **finding.values)
            end(f"{one.path}:{finding.line}:{finding.column}: {message}")


def _pages(path: Path) -> list[tuple[Place, Path]]:
    found = [place(one) for one in (sorted(path.rglob("*.md")) if path.is_dir() else [path])]
    return [(one, source) for one in found if (source := one.source)]


def _record(one: Place, source: Path, lines: tuple[int, ...]) -> None:
    path = lock.path_of(one.path)
    try:
        before = lock.read(path.read_text(encoding="utf-8")) if path.is_file() else ()
    except (lock.BrokenLock, UnicodeDecodeError):
        before = ()
    ours, theirs = (files.read(page.read_bytes()).document for page in (source, one.path))
    rows = lock.pairs(ours, theirs, before)
    after = lock.recorded(rows, before, lines or None)
    behind = len(lock.stale(rows, after))
    path.write_text(lock.write(after), encoding="utf-8")
    say(N_("%(path)s: recorded, blocks still behind their source: %(num)s"), path=path, num=behind)
