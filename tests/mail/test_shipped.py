import os
import shutil
from email import message_from_bytes
from email.header import decode_header, make_header
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.i18n.catalogs import Catalog
from service.i18n.locales import LOCALES
from service.mail import layout, tokens
from service.mail.bodies import encode
from service.mail.compiled import CompiledVariant, Filled, Posted, compile_variant
from service.mail.layout import Frame, environment
from service.mail.mime import header_text
from service.mail.shipped import CAMPAIGN_LABELS, CAMPAIGN_TEMPLATES, SYSTEM_TEMPLATES, draft, system
from service.mail.values import NO_VALUES, Values, shared_values
from service.paths import data_dir
from tests.mail.letters import MOMENT, clean_bytes, letter, posted, values_of
from tests.mail.test_compiled import HOSTILE, Shape

CODES = tuple(LOCALES)
REPORT: dict[str, object] = {
    "file_name": "a.csv", "program_name": "Northwind", "dry_run": False, "created": 1204, "updated": 1,
    "unchanged": 0, "rejected": 1, "url": "https://prospectus.example/en/settings/import/7",
}  # fmt: skip
LINES = ["Hello **Lin**,", "", "# No heading", "<b>no tag</b>", "{firstName}", "=====", "- no list"]
NOTIFICATION: dict[str, object] = {
    "program_name": "Northwind", "name": "Emma Reed", "lines": LINES, "files": 2, "reads_replies": True,
    "url": "https://prospectus.example/en/conversation/abc.def",
}  # fmt: skip
SYSTEM: dict[str, dict[str, object]] = {
    "message-notification": NOTIFICATION,
    "files-left-out": {
        "program_name": "Northwind",
        "lines": LINES,
        "files": 2,
        "reads_replies": True,
        "url": "https://prospectus.example/en/conversation/abc.def",
    },
    "message-received": {
        "program_name": "Northwind",
        "title": "New message from 花と暮らし",
        "lines": LINES,
        "files": 0,
        "url": "https://prospectus.example/en/inbox/7",
    },
    "daily-digest": {
        "titles": ["New message from 花と暮らし"],
        "total": 1,
        "url": "https://prospectus.example/en/notices",
    },
    "import-report": REPORT,
    "password-reset": {"url": "https://prospectus.example/en/reset/abc", "minutes": 60},
    "test-mail": {"program_name": "Northwind", "moment": MOMENT},
    "user-invitation": {
        "inviter": "Emma Reed",
        "url": "https://prospectus.example/en/invitation/abc",
        "days": 7,
    },
}

_kept: dict[tuple[str, str], CompiledVariant] = {}


def variant(name: str, code: str, catalogs: dict[str, Catalog]) -> CompiledVariant:
    if (name, code) not in _kept:
        one = draft(name, catalogs[code])
        frame = Frame(program_name="Northwind & Sons", sender_name="Emma Reed")
        _kept[name, code] = compile_variant(
            one.subject, one.content, locale=code, catalog=catalogs[code], frame=frame, known_ads=()
        )
    return _kept[name, code]


def sent(filled: Filled, code: str) -> bytes:
    return clean_bytes(
        letter(
            subject=filled.subject,
            text=filled.text,
            html=filled.html,
            language=LOCALES[code].tag,
            automatic=True,
        )
    )


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("name", CAMPAIGN_TEMPLATES)
def test_a_draft_is_ready_for_the_compose_form(name: str, code: str, catalogs: dict[str, Catalog]) -> None:
    one = draft(name, catalogs[code])
    assert tokens.check(one.subject, field="subject") == ()
    assert tokens.check(one.content, field="content") == ()
    made = variant(name, code, catalogs)
    assert {"greetingName", "programName", "senderName", "unsubscribeUrl"} <= made.tokens
    assert ("joinUrl" in made.tokens) == (name != "welcome")
    assert made.findings == ()
    assert made.missing(values_of(code, first_name=None, last_name=None, name=None)) == ()
    posted(made.fill(values_of(code)), code)


def test_every_campaign_template_has_a_label() -> None:
    assert tuple(CAMPAIGN_LABELS) == CAMPAIGN_TEMPLATES


VALUE = st.sampled_from(HOSTILE) | st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=60
)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("name", CAMPAIGN_TEMPLATES)
@given(first=VALUE, last=VALUE, company=VALUE)
@settings(max_examples=25, deadline=None)
def test_a_shipped_mail_is_clean_with_any_value(
    name: str, code: str, catalogs: dict[str, Catalog], first: str, last: str, company: str
) -> None:
    """P3, P9, T-3, T-6, T-9, M-1, M-2, M-9: the byte check finds nothing, the page keeps its shape."""
    made = variant(name, code, catalogs)
    plain = Shape(made.fill(values_of(code)).html)
    filled = made.fill(values_of(code, first_name=first, last_name=last, name=company))
    shape = Shape(filled.html)
    assert (shape.elements, shape.links) == (plain.elements, plain.links)
    raw = posted(filled, code)
    subject = str(make_header(decode_header(str(message_from_bytes(raw)["Subject"]).replace("\r\n", ""))))
    assert subject == header_text("Subject", filled.subject).strip()


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("name", CAMPAIGN_TEMPLATES)
@given(first=VALUE, last=VALUE, company=VALUE, program=VALUE)
@settings(max_examples=12, deadline=None)
def test_the_way_for_many_writes_what_the_way_for_one_writes(
    name: str, code: str, catalogs: dict[str, Catalog], first: str, last: str, company: str, program: str
) -> None:
    """T-11: what is encoded and written beforehand changes no octet."""
    one = draft(name, catalogs[code])
    frame = Frame(program_name=program, sender_name="Emma Reed")
    plain, quick = (
        compile_variant(
            one.subject, one.content, locale=code, catalog=catalogs[code], frame=frame, constants=constants
        )
        for constants in (NO_VALUES, shared_values(program, "Emma Reed"))
    )
    values = values_of(code, first_name=first, last_name=last, name=company)
    values = Values({**values.printed, "programName": None, **shared_values(program, "Emma Reed").printed})
    if "programName" in plain.missing(values):
        return
    filled = plain.fill(values)
    assert quick.fill(values) == filled
    assert quick.post(values) == Posted(filled.subject, encode(filled.html), encode(filled.text))
    assert quick.tokens == plain.tokens
    assert quick.unsendable(values) == plain.unsendable(values)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("name", SYSTEM)
def test_a_system_mail_goes_out_in_every_language(name: str, code: str, catalogs: dict[str, Catalog]) -> None:
    """M-13."""
    filled = system(name, catalogs[code], SYSTEM[name])
    raw = sent(filled, code)
    assert b"Auto-Submitted: auto-generated\r\n" in raw
    assert b"List-Unsubscribe" not in raw
    assert filled.subject
    assert "nsubscribe" not in filled.text


@pytest.mark.parametrize("code", CODES)
@given(name=VALUE | st.text(max_size=40))
@settings(max_examples=25, deadline=None)
def test_a_file_name_is_only_words(code: str, catalogs: dict[str, Catalog], name: str) -> None:
    """H-1, T-6: the report goes out whatever a file is called."""
    plain = Shape(system("import-report", catalogs[code], REPORT).html)
    filled = system("import-report", catalogs[code], {**REPORT, "file_name": name, "program_name": name})
    assert Shape(filled.html).elements == plain.elements
    sent(filled, code)


@pytest.mark.parametrize("code", CODES)
@given(name=VALUE, lines=st.lists(VALUE, max_size=8))
@settings(max_examples=25, deadline=None)
def test_a_message_is_only_words(
    code: str, catalogs: dict[str, Catalog], name: str, lines: list[str]
) -> None:
    """H-1, T-1, T-3, T-6: whatever a message and its author's name hold, the page has the same links."""
    plain = Shape(system("message-notification", catalogs[code], NOTIFICATION).html)
    filled = system("message-notification", catalogs[code], {**NOTIFICATION, "name": name, "lines": lines})
    shape = Shape(filled.html)
    assert shape.links == plain.links
    assert set(shape.elements) <= set(plain.elements)
    sent(filled, code)


def test_the_lines_of_a_message_stand_as_they_were_written(catalogs: dict[str, Catalog]) -> None:
    filled = system("message-notification", catalogs["en"], NOTIFICATION)
    assert "".join(f"> {line}\n" if line else ">\n" for line in LINES) in filled.text
    assert "2 files are attached." in filled.text
    assert "reply to this email" in filled.text
    silent = system("message-notification", catalogs["en"], {**NOTIFICATION, "reads_replies": False})
    assert "Replies to this email are not read." in silent.text


def test_the_import_report_counts_rows_in_the_readers_language(catalogs: dict[str, Catalog]) -> None:
    filled = system("import-report", catalogs["en"], REPORT)
    assert filled.subject == "Import finished: a.csv"
    assert "Created   | 1,204" in filled.text
    assert "1 row was rejected." in filled.text
    assert "Open the import report <https://prospectus.example/en/settings/import/7>" in filled.text
    page = "https://prospectus.example/en/settings/import/7"
    assert f"result file <{page}/result.csv>" in filled.text
    assert f"rejected rows <{page}/rejected.csv>" in filled.text
    assert f'href="{page}/rejected.csv"' in filled.html
    dry = system("import-report", catalogs["en"], {**REPORT, "dry_run": True, "rejected": 0})
    assert "result.csv" in dry.text
    assert "rejected.csv" not in dry.text
    assert dry.subject == "Dry run finished: a.csv"
    assert "Nothing was stored." in dry.text
    assert "No row was rejected." in dry.text


def test_a_system_mail_takes_exactly_its_values(catalogs: dict[str, Catalog]) -> None:
    assert SYSTEM.keys() == SYSTEM_TEMPLATES.keys()
    with pytest.raises(ValueError, match="needs"):
        system("test-mail", catalogs["en"], {})
    with pytest.raises(KeyError):
        system("invitation", catalogs["en"], {})
    with pytest.raises(KeyError):
        draft("test-mail", catalogs["en"])


def test_each_language_has_its_own_environment(catalogs: dict[str, Catalog]) -> None:
    made = {code: environment(catalogs[code]) for code in CODES}
    assert len({id(env) for env in made.values()}) == len(CODES)
    assert environment(catalogs["ja"]) is made["ja"]
    assert environment(Catalog(LOCALES["ja"], {}, {})) is not made["ja"]


def test_a_template_broken_while_edited_is_served_as_it_was(
    catalogs: dict[str, Catalog],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """F-16."""
    home = tmp_path / "templates" / "email"
    shutil.copytree(data_dir("templates") / "email", home)
    monkeypatch.setattr(layout.paths, "data_dir", lambda _name: home.parent)
    english = catalogs["en"]
    fresh = Catalog(english.locale, {}, {})
    before = draft("welcome", fresh)
    file = home / "welcome" / "body.md"
    file.write_text("\n\n{% if %}")
    os.utime(file, (1, 1))
    assert draft("welcome", fresh) == before
    assert "welcome/body.md:3:" in caplog.text
    file.write_text("New words\n")
    assert draft("welcome", fresh).content == "New words\n"
