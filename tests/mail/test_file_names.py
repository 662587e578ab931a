"""Names of files as mail programs write them, in every way that they are known to."""

from email.message import EmailMessage
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.mail.attachments import parameter
from service.mail.file_names import claims_a_name, file_name
from service.mail.received import Part, read

NAME = "見積り書.pdf"


def part(disposition: bytes, kind: bytes = b"application/pdf") -> Part:
    return read(b"Content-Type: " + kind + b"\r\nContent-Disposition: " + disposition + b"\r\n\r\n")


def named(disposition: bytes, *, hint: str = "") -> str:
    return file_name(part(disposition), 1, hint=hint)


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        (b"attachment; filename=rates.pdf", "rates.pdf"),
        (b'attachment; filename="a; b.pdf"; size=3', "a; b.pdf"),
        (b"attachment; filename=our new rates.pdf", "our new rates.pdf"),
        (b'ATTACHMENT; FILENAME="the \\"best\\".pdf"', 'the "best".pdf'),
        (b"attachment;\r\n\tfilename*=UTF-8''%E8%A6%8B%E7%A9%8D%E3%82%8A%E6%9B%B8.pdf", NAME),
        (b"attachment; filename*=utf-8'ja'" + quote(NAME).encode(), NAME),
        (b"attachment; filename*=iso-2022-jp''" + quote(NAME.encode("iso2022_jp")).encode(), NAME),
        (b"attachment; filename*=Shift_JIS''" + quote(NAME.encode("cp932")).encode(), NAME),
        (b"attachment; filename*=gb2312''" + quote("报价单①.pdf".encode("gb18030")).encode(), "报价单①.pdf"),
        (b"attachment; filename*0*=utf-8''%E8%A6;\r\n filename*1*=%8B;\r\n filename*2=.pdf", "見.pdf"),
        (b'attachment; filename*1="es.pdf"; filename*0="rat"', "rates.pdf"),
        (b"attachment; filename=no.pdf; filename*=utf-8''yes.pdf", "yes.pdf"),
        (b"attachment; filename*=utf-8''%E8.pdf", "è.pdf"),
        (b"attachment; filename*=no-such''a.pdf", "a.pdf"),
        (b"attachment; filename*=it's.pdf", "it's.pdf"),
        (b'attachment; filename="=?UTF-8?B?6KaL56mN44KK5pu4LnBkZg==?="', NAME),
        (b"attachment; filename==?iso-2022-jp?B?GyRCOCtAUSRqPXEbKEIucGRm?=", NAME),
        (b"x; filename==?iso-2022-jp?B?GyRCOCtAUSRqGyhC?=\r\n =?iso-2022-jp?B?GyRCPXEbKEIucGRm?=", NAME),
        (b'attachment; filename="=?gb18030?B?saj?= =?gb18030?B?vNu1pS5wZGY=?="', "报价单.pdf"),
        (b'attachment; filename="=?windows-1252?Q?r=E9sum=E9_1.pdf?="', "résumé 1.pdf"),
        (b'attachment; filename="=?utf-8?X?a?=.pdf"', "=?utf-8?X?a?=.pdf"),
        (b'attachment; filename="a =?utf-8?Q?b?= c.pdf"', "a b c.pdf"),
        (f'attachment; filename="{NAME}"'.encode(), NAME),
        ('attachment; filename="é.pdf"'.encode(), "é.pdf"),
        ('attachment; filename="表.pdf"'.encode("cp932"), "表.pdf"),
        ('attachment; filename="報価.pdf"'.encode("iso2022_jp"), "報価.pdf"),
        ('attachment; filename="报价.pdf"'.encode("gb18030"), "报价.pdf"),
        ('attachment; filename="é.pdf"'.encode("latin-1"), "é.pdf"),
        (b'attachment; filename="C:\\\\Users\\\\lin\\\\rates.pdf"', "rates.pdf"),
        (b"attachment; filename*=utf-8''..%2F..%2Fetc%2Fpasswd.pdf", "passwd.pdf"),
        (b"attachment; filename*=utf-8''a%0D%0AX-Evil%3A%201.pdf", "a\r\nX-Evil: 1.pdf"),
        (b"attachment; filename*=utf-8''invoice%E2%80%AEfdp.exe", "invoice\u202efdp.exe"),
        (b'attachment; filename="unclosed.pdf', '"unclosed.pdf'),
    ],
)  # fmt: skip
def test_a_name_is_read(disposition: bytes, name: str) -> None:
    """M-12, U-1: what it is, is what is judged: nothing that could deceive is cleaned away here."""
    assert named(disposition) == name


def test_the_charset_of_the_words_decides_for_a_name_that_says_none() -> None:
    octets = 'attachment; filename="報価.pdf"'.encode("cp932")
    assert named(octets, hint="Shift_JIS") == "報価.pdf"
    assert named('attachment; filename="été.pdf"'.encode("latin-1"), hint="iso-8859-1") == "été.pdf"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (b'application/pdf; name="rates.pdf"', "rates.pdf"),
        (b"application/pdf", "attachment-7.pdf"),
        (b"image/jpeg", "attachment-7.jpg"),
        (b"message/rfc822", "attachment-7.eml"),
        (b"application/ms-tnef", "winmail.dat"),
        (b"application/octet-stream", ""),
    ],
)
def test_without_a_disposition_the_type_tells(kind: bytes, name: str) -> None:
    assert file_name(part(b"inline", kind), 7) == name
    assert claims_a_name(part(b"inline", kind)) == (b"name" in kind)


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=80))
def test_what_we_write_is_what_we_read(name: str) -> None:
    """M-12: our own writer of RFC 2231 and the standard library's are understood, whatever the name."""
    expected = name.replace("\\", "/").rpartition("/")[2].strip(" \t") or "attachment-1.pdf"
    if expected == "attachment-1.pdf" or "=?" in name:
        return
    ours = ";\r\n ".join(["attachment", *parameter("filename", name)]).encode()
    assert named(ours) == expected
    theirs = EmailMessage()
    theirs.add_header("Content-Disposition", "attachment", filename=("utf-8", "", name))
    assert file_name(read(theirs.as_bytes()), 1) == expected


@given(st.binary(max_size=200))
def test_any_octets_have_an_answer(octets: bytes) -> None:
    name = named(b"attachment; filename" + octets)
    assert not {"/", "\\"} & set(name)


def test_a_name_made_to_take_time_takes_none() -> None:
    """T-2: quotations that never end, pieces without number."""
    assert named(b"attachment" + b';a="' * 100_000) == "attachment-1.pdf"
    assert named(b"attachment; filename=" + b"=?utf-8?Q?" * 100_000).startswith("=?utf-8?Q?")
