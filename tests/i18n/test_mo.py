"""Compiled catalogs: what the standard library and gettext's own tools read in them."""

import gettext
import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given

from service.i18n import mo, po
from tests.i18n import real_catalogs
from tests.i18n.test_po import CATALOGS, HEADER

MSGFMT = shutil.which("msgfmt")


def loaded(data: bytes) -> dict[object, str]:
    return gettext.GNUTranslations(BytesIO(data))._catalog  # type: ignore[attr-defined]


def test_translated_entries_are_found() -> None:
    body = (
        'msgctxt "menu"\nmsgid "Open"\nmsgstr "Öffnen"\n\n'
        'msgid "file"\nmsgid_plural "files"\nmsgstr[0] "Datei"\nmsgstr[1] "Dateien"\n\n'
        '#, fuzzy\nmsgid "doubted"\nmsgstr "bezweifelt"\n\nmsgid "empty"\nmsgstr ""\n\n'
        '#~ msgid "old"\n#~ msgstr "alt"\n'
    )
    made = gettext.GNUTranslations(BytesIO(mo.write(po.read_text(HEADER + body).entries)))
    assert made.pgettext("menu", "Open") == "Öffnen"
    assert [made.ngettext("file", "files", number) for number in (1, 2)] == ["Datei", "Dateien"]
    assert [made.gettext(text) for text in ("doubted", "empty", "old")] == ["doubted", "empty", "old"]


@given(CATALOGS)
def test_whatever_is_written_is_loaded(written: list[po.Entry]) -> None:
    header = po.read_text(HEADER).entries
    plain = [entry for entry in written if "\0" not in "".join(entry.strings)]
    mo_file = loaded(mo.write([*header, *plain]))
    singular = {e.id if e.context is None else f"{e.context}\x04{e.id}": e.strings[0]
                for e in plain if e.plural is None and e.translated}  # fmt: skip
    assert {key: mo_file[key] for key in singular} == singular


@pytest.mark.skipif(MSGFMT is None, reason="msgfmt is not installed")
def test_real_catalogs_are_compiled_as_msgfmt_compiles_them(tmp_path: Path) -> None:
    """But for entries of which some forms are empty: those print nothing, so we leave them out."""
    target = tmp_path / "theirs.mo"
    for path in real_catalogs.paths():
        subprocess.run([str(MSGFMT), "-o", target, path], check=True, capture_output=True)
        ours, theirs = loaded(mo.write(po.read(path.read_bytes()).entries)), loaded(target.read_bytes())
        hollow = {key[0] for key, text in theirs.items() if isinstance(key, tuple) and not text}
        wanted = {
            key: text for key, text in theirs.items() if not isinstance(key, tuple) or key[0] not in hollow
        }
        for made in (ours, wanted):
            made.pop("")  # msgfmt takes dates out of the header
        assert ours == wanted, path
