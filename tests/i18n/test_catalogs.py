"""Catalogs: what they say, and how they live through edits and broken files."""

import os
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.facts.words import N_, NN_, NP_, Phrase
from service.i18n.catalog_mistakes import is_other_language
from service.i18n.catalogs import Catalog, Catalogs, CatalogUnreadable, read, same_plural
from service.i18n.locales import LOCALES
from tests.i18n.conftest import Write, header, make

FR = """
msgid "Save"
msgstr "Enregistrer"

msgctxt "stage"
msgid "New"
msgstr "Nouveau"

msgid "%(num)s file"
msgid_plural "%(num)s files"
msgstr[0] "%(num)s fichier"
msgstr[1] "%(num)s fichiers"

msgctxt "row"
msgid "%(num)s row"
msgid_plural "%(num)s rows"
msgstr[0] "%(num)s ligne"
msgstr[1] "%(num)s lignes"

msgid "Hello %(name)s"
msgstr "Bonjour %(name)s"

msgid "Empty"
msgstr ""

#, fuzzy
msgid "Doubtful"
msgstr "Douteux"
"""


@pytest.fixture(scope="module")
def fr() -> Catalog:
    return make("fr", FR)


def test_look_ups(fr: Catalog) -> None:
    assert fr.locale is LOCALES["fr"]
    assert fr.gettext("Save") == "Enregistrer"
    assert fr.pgettext("stage", "New") == "Nouveau"
    assert fr.gettext("New") == "New"
    assert [fr.ngettext("%(num)s file", "%(num)s files", n) for n in (0, 1, 2)] == [
        "%(num)s fichier",
        "%(num)s fichier",
        "%(num)s fichiers",
    ]
    assert fr.npgettext("row", "%(num)s row", "%(num)s rows", 5) == "%(num)s lignes"
    assert [fr.ngettext("a", "b", n) for n in (0, 1, 2)] == ["b", "a", "b"]
    assert len(fr) == 5


def test_empty_and_fuzzy_entries_fall_back_to_the_source(fr: Catalog) -> None:
    assert (fr.gettext("Empty"), fr.gettext("Doubtful")) == ("Empty", "Doubtful")


def test_say(fr: Catalog) -> None:
    assert fr.say(N_("Save")) == "Enregistrer"
    assert fr.say(NP_("stage", "New")) == "Nouveau"
    assert fr.say(NN_("%(num)s file", "%(num)s files"), num=1204) == "1\u202f204 fichiers"
    assert fr.say(Phrase("%(num)s row", "row", "%(num)s rows"), num=1) == "1 ligne"
    assert fr.say(N_("Hello %(name)s"), name="A%(b)s", b="x") == "Bonjour A%(b)s"
    assert fr.say(N_("Hello %(name)s"), name=NP_("stage", "New")) == "Bonjour Nouveau"
    assert fr.say(N_("Hello %(name)s"), name=1234.5) == "Bonjour 1\u202f234,5"
    assert fr.say(N_("Hello %(name)s"), name=Decimal("1.5")) == "Bonjour 1,5"
    assert fr.say(N_("Hello %(name)s"), name="1204") == "Bonjour 1204"
    assert fr.say(N_("Hello %(name)s"), name=True) == "Bonjour True"
    assert fr.say(N_("Hello %(name)s"), name=float("nan")) == "Bonjour nan"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%(name)s", "Zoé"),
        ("%(name)d", "Zoé"),
        ("%(name)", "Zoé"),
        ("%(nom)s", "%(nom)s"),
        ("100 % sûr", "100 % sûr"),
        ("100 %% sûr", "100 % sûr"),
        ("% s %d %", "% s %d %"),
        ("%(", "%("),
        ("%%(name)s", "%(name)s"),
        ("{name} %{name}", "{name} %{name}"),
    ],
)
def test_say_survives_any_placeholder(text: str, expected: str) -> None:
    """F-16: whatever a translation does to its placeholders, the page stands."""
    catalog = Catalog(LOCALES["fr"], {"Hello": text}, {})
    assert catalog.say(N_("Hello"), name="Zoé") == expected


@pytest.mark.parametrize("escape", ["\\0", "\\x1b", "\\a", "\\x7f", "\x08"])
def test_control_characters_reach_no_page_and_no_mail(escape: str) -> None:
    body = f'msgid "Save"\nmsgstr "Enregistrer{escape}"\n'
    catalog, (problem,) = read((header("fr") + body).encode(), LOCALES["fr"], Path("x.po"))
    assert catalog.gettext("Save") == "Save"
    assert (problem.line, str(problem.values["code"])[:4]) == (7, "U+00")


@given(
    st.text(alphabet="%()snamed {}0$", max_size=40),
    st.one_of(st.none(), st.text(), st.integers(), st.floats()),
)
def test_say_never_raises(text: str, value: object) -> None:
    """F-16: no translation and no value breaks a sentence."""
    catalog = Catalog(LOCALES["fr"], {"Hello": text}, {"Hello": (text, text)})
    assert isinstance(catalog.say(N_("Hello"), name=value), str)
    assert isinstance(catalog.say(NN_("Hello", "Hellos"), name=value, num=value), str)


def test_a_count_that_is_missing_takes_the_plural(fr: Catalog) -> None:
    assert fr.say(NN_("%(num)s file", "%(num)s files")) == "%(num)s fichiers"


@pytest.mark.parametrize("code", list(LOCALES))
def test_plural_rule_is_the_tables_however_written(code: str) -> None:
    locale = LOCALES[code]
    assert same_plural(locale.plural_forms, locale)
    assert same_plural(locale.plural_forms.replace("(", "").replace(")", "").replace(" ", ""), locale)
    for wrong in (
        "",
        "nplurals=3; plural=n;",
        "nplurals=2; plural=(n",
        "nplurals=x;",
        "nplurals=1; plural=n/0;",
    ):
        assert not same_plural(wrong, locale)


def test_an_edit_is_seen_at_the_next_look(locales: Path, write: Write) -> None:
    catalogs = Catalogs(locales)
    before = catalogs.catalog("ja")
    write("ja", 'msgid "Save"\nmsgstr "保存"\n')
    after = catalogs.catalog("ja")
    assert (before.gettext("Save"), after.gettext("Save")) == ("Save", "保存")
    assert before.version != after.version
    assert catalogs.catalog("ja") is after
    assert catalogs.problems() == ()


@pytest.fixture
def slow_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file of the test counts as just written, however slow the machine."""
    monkeypatch.setattr("service.i18n.catalogs._SETTLED", 10**12)


@pytest.mark.usefixtures("slow_clock")
def test_two_edits_of_equal_length_in_one_tick_are_both_seen(locales: Path, write: Write) -> None:
    catalogs = Catalogs(locales)
    path = write("ja", 'msgid "Save"\nmsgstr "保存"\n')
    stamp = time.time_ns()
    os.utime(path, ns=(stamp, stamp))
    assert catalogs.catalog("ja").gettext("Save") == "保存"
    path.write_text(header("ja") + 'msgid "Save"\nmsgstr "登録"\n', encoding="utf-8")
    os.utime(path, ns=(stamp, stamp))
    assert catalogs.catalog("ja").gettext("Save") == "登録"


GOOD = 'msgid "Save"\nmsgstr "Enregistrer"\n\nmsgid "Hello %(name)s"\nmsgstr "Bonjour %(name)s"\n'


def break_syntax(path: Path) -> None:
    path.write_text(header("fr") + 'msgid "Save"\nmsgstr "Sauver\n', encoding="utf-8")


def break_charset(path: Path) -> None:
    path.write_bytes(path.read_text(encoding="utf-8").replace("Enregistrer", "Créer").encode("latin-1"))


def break_header(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace("UTF-8", "ISO-8859-1"), encoding="utf-8")


def break_plural_header(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace("nplurals=2", "nplurals=3"), encoding="utf-8")


def save_another_language(path: Path) -> None:
    path.write_text(header("fr").replace("Language: fr", "Language: ja") + GOOD, encoding="utf-8")


def leave_conflict(path: Path) -> None:
    path.write_text(header("fr") + '<<<<<<< HEAD\nmsgid "Save"\nmsgstr "x"\n', encoding="utf-8")


def double(path: Path) -> None:
    path.write_text(header("fr") + GOOD + "\n" + GOOD, encoding="utf-8")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def half_write(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def half_write_in_a_text(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def half_write_between_messages(path: Path) -> None:
    path.write_text(header("fr") + GOOD.partition("\n\n")[0], encoding="utf-8")


def delete(path: Path) -> None:
    path.unlink()


def make_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


BREAKS: dict[Callable[[Path], None], tuple[int, str]] = {
    break_syntax: (8, "The closing quotation mark is missing on this line."),
    break_charset: (8, "The file is not valid UTF-8 here."),
    break_header: (1, "The header must say “charset=UTF-8”."),
    break_plural_header: (1, "The header must say “Plural-Forms: nplurals=2; plural=(n > 1);”."),
    save_another_language: (1, "The header says “ja”, the path “fr”."),
    leave_conflict: (7, "A conflict marker of the version control is left in the file."),
    double: (13, "This message is already in the file, on line 7."),
    empty: (1, "The file has no header: its first message has an empty “msgid”."),
    half_write: (11, "A text in quotation marks is expected here."),
    half_write_in_a_text: (11, "The closing quotation mark is missing on this line."),
    delete: (0, "The file is missing."),
    make_directory: (0, "The file cannot be read."),
}


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken file counts as left so, however young it is."""
    monkeypatch.setattr("service.i18n.catalogs._STEADY", 0)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("damage", BREAKS)
def test_a_broken_file_leaves_the_last_good_version(
    damage: Callable[[Path], None], locales: Path, write: Write, tmp_path: Path
) -> None:
    """F-16, P8: served on, also after a restart; file, line and reason named; the fix is picked up."""
    path = write("fr", GOOD)
    catalogs = Catalogs(locales, tmp_path / "good")
    line, reason = BREAKS[damage]
    damage(path)
    for catalogs_now in (catalogs, Catalogs(locales, tmp_path / "good")):
        assert catalogs_now.catalog("fr").gettext("Save") == "Enregistrer"
        (problem,) = catalogs_now.problems()
        assert (problem.locale, problem.path, problem.line) == ("fr", path, line)
        assert str(problem) == f"{path}:{line}:{problem.column}: {reason}"
    with pytest.raises(CatalogUnreadable, match=path.name):
        Catalogs(locales)
    if path.is_dir():
        path.rmdir()
    write("fr", GOOD.replace("Enregistrer", "Sauver"))
    assert catalogs.catalog("fr").gettext("Save") == "Sauver"
    assert catalogs.problems() == ()


@pytest.mark.parametrize(
    ("said", "code", "expected"),
    [
        *((said, "zh", False) for said in ("zh", "zh_CN", "zh-Hans", "zh_Hans_CN", "zh_SG", "ZH")),
        *((said, "zh", True) for said in ("ja", "zh_TW", "zh-Hant", "zh_Hant_HK", "en", "zhuang")),
        *((said, "fr", False) for said in ("fr", "fr_CA", "fr_FR.UTF-8", "fr@latin")),
        *((said, "fr", True) for said in ("en", "frp", "de_FR")),
    ],
)
def test_a_header_may_write_the_language_in_its_own_way(said: str, code: str, expected: bool) -> None:
    """F-16: editors add a territory or a script; another language than the folder's is none of these."""
    assert is_other_language(said, LOCALES[code]) is expected


@pytest.mark.parametrize("damage", [half_write, empty, delete])
def test_a_broken_file_is_told_of_only_when_it_stays_so(
    damage: Callable[[Path], None], locales: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-16: an editor truncates, then writes; meanwhile the last good version is served and nothing told."""
    monkeypatch.setattr("service.i18n.catalogs._STEADY", 10**12)
    path = write("fr", GOOD)
    catalogs = Catalogs(locales)
    damage(path)
    assert catalogs.catalog("fr").gettext("Save") == "Enregistrer"
    assert catalogs.problems() == ()
    write("fr", GOOD.replace("Enregistrer", "Sauver"))
    assert catalogs.catalog("fr").gettext("Save") == "Sauver"
    damage(path)
    assert catalogs.problems() == ()
    if path.exists():
        old = time.time_ns() - 10**13
        os.utime(path, ns=(old, old))
    else:
        monkeypatch.setattr("service.i18n.catalogs._STEADY", 0)
    assert [problem.path for problem in catalogs.problems()] == [path]
    assert catalogs.catalog("fr").gettext("Save") == "Sauver"


@pytest.mark.usefixtures("slow_clock")
def test_a_young_file_that_lost_messages_is_waited_for(locales: Path, write: Write) -> None:
    """F-16: a file cut between two messages is valid, and yet half-written."""
    path = write("fr", GOOD)
    catalogs = Catalogs(locales)
    half_write_between_messages(path)
    assert catalogs.catalog("fr").say(N_("Hello %(name)s"), name="A") == "Bonjour A"
    old = time.time_ns() - 10**13
    os.utime(path, ns=(old, old))
    assert catalogs.catalog("fr").say(N_("Hello %(name)s"), name="A") == "Hello A"


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("Bonjour %(nom)s", "The placeholder “nom” is not in the source text."),
        ("Bonjour", "The placeholder “name” of the source text is missing."),
    ],
)
def test_an_entry_with_wrong_placeholders_keeps_its_last_good_text(
    broken: str, reason: str, locales: Path, write: Write, tmp_path: Path
) -> None:
    """F-16: the other entries of the file are taken, and the copy on disk stays whole."""
    path = write("fr", GOOD)
    catalogs = Catalogs(locales, tmp_path / "good")
    write("fr", GOOD.replace("Bonjour %(name)s", broken).replace("Enregistrer", "Sauver"))
    for catalogs_now in (catalogs, Catalogs(locales, tmp_path / "good")):
        catalog = catalogs_now.catalog("fr")
        assert catalog.gettext("Save") == "Sauver"
        assert catalog.say(N_("Hello %(name)s"), name="Zoé") == "Bonjour Zoé"
        (problem,) = catalogs_now.problems()
        assert str(problem) == f"{path}:10:1: {reason}"
    assert Catalogs(locales).catalog("fr").say(N_("Hello %(name)s"), name="Zoé") == "Hello Zoé"


def test_an_entry_with_the_wrong_number_of_forms_is_left_out() -> None:
    """F-16: wrong plural count."""
    body = (
        'msgid "%(num)s file"\nmsgid_plural "%(num)s files"\nmsgstr[0] "%(num)s 件"\nmsgstr[1] "%(num)s 件"\n'
    )
    catalog, (problem,) = read((header("ja") + body).encode(), LOCALES["ja"], Path("x.po"))
    assert catalog.say(NN_("%(num)s file", "%(num)s files"), num=2) == "2 files"
    assert str(problem) == "x.po:7:1: This message needs 1 plural forms and has 2."


def test_a_full_disk_costs_the_copy_and_not_the_page(locales: Path, write: Write, tmp_path: Path) -> None:
    """F-3: the directory for copies cannot be made."""
    (tmp_path / "good").write_text("a file in the way")
    write("fr", GOOD)
    assert Catalogs(locales, tmp_path / "good").catalog("fr").gettext("Save") == "Enregistrer"


def test_only_the_asked_locales_are_read(locales: Path) -> None:
    (locales / "zh" / "LC_MESSAGES" / "messages.po").unlink()
    assert Catalogs(locales, codes=("fr",)).catalog("fr").locale.code == "fr"
    with pytest.raises(KeyError):
        Catalogs(locales, codes=("fr",)).catalog("../../x")


def test_readers_in_many_threads_see_whole_catalogs_only(locales: Path, write: Write) -> None:
    """F-16: an edit swaps a catalog as a whole, so that no page mixes two versions."""

    def body(word: str) -> str:
        return "\n".join(f'msgid "{n}"\nmsgstr "{word}"\n' for n in range(200))

    path = write("ja", body("一"))
    catalogs = Catalogs(locales)
    mixed: list[set[str]] = []
    done = threading.Event()

    def read_on() -> None:
        while not done.is_set():
            catalog = catalogs.catalog("ja")
            words = {catalog.gettext(str(n)) for n in range(200)}
            if len(words) != 1:
                mixed.append(words)

    readers = [threading.Thread(target=read_on) for _ in range(4)]
    for reader in readers:
        reader.start()
    for word in "二三四五六七八九" * 3:
        draft = path.with_suffix(".new")
        draft.write_text(header("ja") + body(word), encoding="utf-8")
        draft.replace(path)
    done.set()
    for reader in readers:
        reader.join()
    assert mixed == []
    assert catalogs.catalog("ja").gettext("0") == "九"
