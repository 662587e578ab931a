"""Whole mails as common programs write them: their words, and the names of the files in them."""

from pathlib import Path

import pytest

from service.mail.file_names import file_name
from service.mail.received import read
from service.mail.replies import read_reply

PROGRAMS = Path(__file__).with_name("programs")


@pytest.mark.parametrize(
    ("program", "text", "names"),
    [
        (
            "apple-mail",
            "Voilà mes tarifs, et une photo de l’atelier.\n\nHélène",
            ["Tarifs été 2038.pdf", "IMG_0042.jpeg"],
        ),
        (
            "outlook",
            "Our rates for the café are attached.\n\nLin Weber\n[cid:image001.png@01DB6746.AA0B1C20]",
            ["Rates 2038.pdf", "attachment-2.eml"],
        ),
        ("outlook-rich-text", "The rates are attached.", ["winmail.dat"]),
        ("gmail", "好的，报价单在附件里。", ["报价单.pdf"]),
        ("becky", "料金表をお送りします。", ["料金表改訂版.csv"]),
        ("foxmail", "好的，报价单在附件里。", ["报价单.pdf"]),
    ],
)
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_a_mail_has_its_words_and_its_files(program: str, text: str, names: list[str], end: bytes) -> None:
    """M-12, T-3: with the line ends of the wire, and with those of a pipe."""
    data = (PROGRAMS / f"{program}.eml").read_bytes().replace(b"\r\n", end)
    reply = read_reply(read(data))
    found = [file_name(one, number, hint=reply.charset) for number, one in enumerate(reply.files, 1)]
    assert (reply.text, found) == (text, names)
