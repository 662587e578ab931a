"""The words of answers: parts, charsets, flowed lines, HTML, files, absences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.mail.received import MOST_OCTETS, read
from service.mail.replies import is_absence, printable, read_reply
from tests.mail.answers import PROGRAMS, mail, part, parts, quoted

JAPANESE = "はい、①の件は髙島が担当します。\n"
CHINESE = "好的，没有问题。镕先生会联系您。\n"


def text_of(data: bytes) -> str:
    return read_reply(read(data)).text


@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_an_answer_in_each_language_and_transfer_encoding(program: str, encoding: str) -> None:
    own, history = PROGRAMS[program]
    assert text_of(mail(own + history, encoding=encoding)) == own.strip()


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("iso-2022-jp", "はい、お願いします。"),
        ("shift_jis", "はい、お願いします。"),
        ("euc-jp", "はい、お願いします。"),
        ("gb2312", "好的，没有问题。"),
        ("gb18030", CHINESE.strip()),
        ("big5", "好的，沒有問題。"),
        ("iso-8859-1", "Ça me va très bien."),
        ("windows-1252", "Ça me va – d’accord… 10 €"),
        ("utf-8", "Ça me va. 好的 はい 👍"),
    ],
)
def test_charsets(charset: str, text: str) -> None:
    assert text_of(mail(text, charset=charset)) == text
    assert text_of(mail(text, charset=charset, encoding="base64")) == text


@pytest.mark.parametrize(
    ("named", "used", "text"),
    [
        ("gb2312", "gb18030", CHINESE.strip()),
        ("shift_jis", "cp932", JAPANESE.strip()),
        ("iso-8859-1", "cp1252", "d’accord… 10 €"),
        ("us-ascii", "utf-8", "d’accord"),
    ],
)
def test_a_charset_named_smaller_than_it_is(named: str, used: str, text: str) -> None:
    assert text_of(mail("", charset=named, octets=text.encode(used))) == text


def test_iso_2022_jp_with_the_characters_of_vendors() -> None:
    """What Outlook sends under that name holds ① and 髙, which the standard has not."""
    pairs = {"①": b"\x2d\x21", "髙": b"\x7c\x62", "島": b"\x45\x67", "は": b"\x24\x4f"}
    octets = b"\x1b$B" + b"".join(pairs.values()) + b"\x1b(B ok\n"
    assert text_of(mail("", charset="iso-2022-jp", octets=octets)) == "①髙島は ok"
    plain = "はい".encode("iso2022_jp")
    assert text_of(mail("", charset="us-ascii", octets=plain)) == "はい"


def test_plain_text_goes_before_html_and_html_stands_in_for_none() -> None:
    both = parts("alternative", part("plain words"), part("<p>rich words</p>", "text/html"))
    assert text_of(both) == "plain words"
    rich = parts("alternative", part("  \n"), part("<p>rich <b>words</b></p>", "text/html"))
    assert text_of(rich) == "rich words"


def test_html_alone_is_turned_into_text_and_cut() -> None:
    page = (
        "<html><head><style>p{color:red}</style></head><body><div dir=ltr>Oui, <b>avec plaisir</b>.<br>"
        "À demain&nbsp;!</div><br><div class=gmail_quote><div>Le lun. 18 janv. 2038 à 12:00, Emma Reed &lt;"
        "<a href='mailto:noreply@brand.example'>noreply@brand.example</a>&gt; a écrit&nbsp;:<br></div>"
        "<blockquote><p>Hello,</p><p>When do we start?</p></blockquote></div></body></html>"
    )
    reply = read_reply(read(mail(page, kind="text/html")))
    assert reply.text == "Oui, avec plaisir.\nÀ demain !"
    assert "> Hello,\n>\n> When do we start?" in reply.history


def test_flowed_lines_are_put_together() -> None:
    """RFC 3676: Thunderbird and Apple Mail break lines with a space before the end."""
    body = "A line that was \nbroken for sending.\n\n> quoted words \n> go on\n-- \nLin\n"
    assert text_of(mail(body, parameters="; format=flowed")) == (
        "A line that was broken for sending.\n\n> quoted words go on"
    )
    joined = "日本語は \n空白なし。\n"
    assert text_of(mail(joined, parameters="; format=flowed; delsp=yes")) == "日本語は空白なし。"


def test_a_text_that_flows_without_end_is_put_together() -> None:
    """T-2: as many lines as a text may have, of the characters that take most."""
    lines = MOST_OCTETS // len("𠮷 \n".encode())
    found = text_of(mail("𠮷 \n" * lines, parameters="; format=flowed"))
    assert found == ("𠮷 " * lines).strip()


def test_files_are_counted_and_signatures_of_mail_are_none() -> None:
    """An attached text is a file too; Apple Mail puts words after one."""
    attached = 'Content-Disposition: attachment; filename="a.txt"\n'
    data = parts(
        "mixed",
        part("Before."),
        part("a file", more=attached),
        b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=",
        b"Content-Type: application/pgp-signature\n\nx",
        part("After."),
    )
    reply = read_reply(read(data))
    assert reply.text == "Before.\n\nAfter."
    assert [one.kind for one in reply.files] == ["text/plain", "image/png"]


@given(st.binary(max_size=2000) | st.text(max_size=500).map(mail))
def test_any_bytes_are_an_answer(data: bytes) -> None:
    """X-2, T-9: nothing raises, and nothing is left that no text may hold."""
    reply = read_reply(read(data))
    assert printable(reply.text) == reply.text
    assert not is_absence(read(data)) or b"ubject" in data.lower() or b"UBJECT" in data


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: New message",
        "Out of Office: New message",
        "=?utf-8?Q?R=C3=A9ponse_automatique=C2=A0:_Nouveau?=",
        "=?utf-8?B?6Ieq5Yqo5Zue5aSNOiBSZTog5paw5raI5oGv?=",
        "=?iso-2022-jp?B?GyRCPCtGMDF+RXobKEI6IFJl?=",
        "Out of Office AutoReply: New message",
        "Auto-Response: New message",
        "Message d’absence : New message",
        "自动答复: New message",
        "自動回覆：New message",
        "【自動返信】New message",
        "[自動返信] New message",
        "不在のお知らせ",
    ],
)
def test_an_absence_says_so_in_its_subject(subject: str) -> None:
    """M-13."""
    assert is_absence(read(f"Subject: {subject}\n\nI am away.\n".encode()))


@pytest.mark.parametrize(
    "subject",
    [
        "Re: New message",
        "=?utf-8?B?!!!?=",
        "=?nope?Q?x?=",
        "",
        "About automatic reply settings",
        "Re: 【自動返信】New message",
        "【自動返信の件】New message",
        "自动答复机器人",
    ],
)
def test_other_subjects_do_not(subject: str) -> None:
    assert not is_absence(read(f"Subject: {subject}\n\nYes.\n".encode()))


def test_history_is_kept_beside_the_text() -> None:
    own, history = PROGRAMS["gmail ja"]
    reply = read_reply(read(mail(own + history)))
    assert quoted().strip() in reply.history


@pytest.mark.parametrize(
    ("head", "files"),
    [
        ("Content-Type: text/plain\nContent-Disposition: inline; filename=text.txt", 0),
        ("Content-Type: text/plain\nContent-Disposition: inline; filename=rates.csv", 1),
        ("Content-Type: text/plain; name=text.txt", 1),
        ("Content-Type: text/plain\nContent-Disposition: attachment", 1),
        ("Content-Type: text/csv", 1),
        ("Content-Type: application/pgp-signature; name=signature.asc", 0),
        ("Content-Type: text/x-amp-html", 1),
    ],
)
def test_a_named_text_is_text_unless_it_is_attached_or_a_table(head: str, files: int) -> None:
    """Some programs give the text itself a name: it is not lost for that."""
    reply = read_reply(read(parts("mixed", part("Yes."), f"{head}\n\nMore, more".encode())))
    assert len(reply.files) == files
    assert reply.text.startswith("Yes.")
    assert ("More, more" in reply.text) == (head.endswith("text.txt") and files == 0)


def test_another_form_of_a_text_is_no_file() -> None:
    """Pages for watches and the like; an invitation to a meeting is one, though."""
    forms = [part("Yes."), part("<p>Yes.</p>", "text/html"), part("<html amp4email>", "text/x-amp-html")]
    event = part("BEGIN:VCALENDAR", "text/calendar")
    assert read_reply(read(parts("alternative", *forms))).files == ()
    assert [one.kind for one in read_reply(read(parts("alternative", *forms, event))).files] == [
        "text/calendar"
    ]
