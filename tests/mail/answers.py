"""Answers as people's mail programs write them, made up by hand after the programs' own forms."""

from base64 import b64encode
from quopri import encodestring

OURS = "Hello,\n\nEmma Reed wrote to you.\n\n> When do we start?\n\nOpen the conversation\n"


def quoted(text: str = OURS, mark: str = "> ") -> str:
    return "".join(f"{mark}{line}\n" if line else f"{mark.rstrip()}\n" for line in text.splitlines())


def mail(
    body: str,
    *,
    to: str = "replies@brand.example",
    kind: str = "text/plain",
    charset: str = "utf-8",
    parameters: str = "",
    encoding: str = "8bit",
    more: tuple[str, ...] = (),
    message_id: str = "answer@people.example",
    octets: bytes | None = None,
) -> bytes:
    """One answer of a single part."""
    data = body.encode(charset) if octets is None else octets
    if encoding == "base64":
        data = b64encode(data)
    elif encoding == "quoted-printable":
        data = encodestring(data)
    return (
        _head(to, message_id, more)
        + (
            f"Content-Type: {kind}; charset={charset}{parameters}\nContent-Transfer-Encoding: {encoding}\n\n"
        ).encode()
        + data
    )


def parts(
    subtype: str, *inner: bytes, to: str = "replies@brand.example", message_id: str = "answer@people.example"
) -> bytes:
    """An answer of several parts, each with its own headers."""
    boundary = f"----=_{subtype}"
    body = b"".join(f"--{boundary}\n".encode() + one + b"\n" for one in inner)
    return (
        _head(to, message_id, ())
        + f'Content-Type: multipart/{subtype}; boundary="{boundary}"\n\n'.encode()
        + body
        + f"--{boundary}--\n".encode()
    )


def part(body: str, kind: str = "text/plain", *, more: str = "") -> bytes:
    return f"Content-Type: {kind}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n{more}\n{body}".encode()


def _head(to: str, message_id: str, more: tuple[str, ...]) -> bytes:
    lines = [
        "From: Lin <lin@people.example>",
        f"To: {to}",
        "Subject: Re: New message from Emma Reed",
        *([f"Message-ID: <{message_id}>"] if message_id else []),
        *more,
        "MIME-Version: 1.0",
    ]
    return "".join(f"{line}\n" for line in lines).encode()


# What somebody wrote, and the history a program put under it.
GMAIL_EN = (
    "Yes, gladly.\n\nTomorrow?\n",
    "\nOn Mon, Jan 18, 2038 at 12:00 PM Emma Reed <noreply@brand.example> wrote:\n\n" + quoted(),
)
GMAIL_WRAPPED = (
    "Yes.\n",
    "\nOn Mon, Jan 18, 2038 at 12:00 PM Emma Reed of the team <\nnoreply@brand.example> wrote:\n\n"
    + quoted(),
)
THUNDERBIRD_EN = ("Yes.\n", "\nOn 18/01/2038 12:00, Emma Reed wrote:\n" + quoted())
APPLE_EN = (
    "Yes.\n\n",
    "> On 18 Jan 2038, at 12:00, Emma Reed <noreply@brand.example> wrote:\n> \n" + quoted(),
)
OUTLOOK_EN = (
    "Yes, gladly.\n\nLin\n\n",
    "________________________________\nFrom: Emma Reed <noreply@brand.example>\n"
    "Sent: Monday, January 18, 2038 12:00\nTo: lin@people.example\n"
    "Subject: New message from Emma Reed\n\n" + OURS,
)
GMAIL_FR = (
    "Oui, avec plaisir.\n",
    "\nLe lun. 18 janv. 2038 à 12:00, Emma Reed <noreply@brand.example> a écrit :\n\n" + quoted(),
)
THUNDERBIRD_FR = ("Oui.\n", "\nLe 18/01/2038 à 12:00, Emma Reed a écrit\u00a0:\n" + quoted())
OUTLOOK_FR = (
    "Oui.\n\n",
    "De : Emma Reed <noreply@brand.example>\nEnvoyé : lundi 18 janvier 2038 12:00\n"
    "À : lin@people.example\nObjet : Nouveau message\n\n" + OURS,
)
GMAIL_JA = (
    "はい、ぜひお願いします。\n",
    "\n2038年1月18日(月) 12:00 Emma Reed <noreply@brand.example>:\n\n" + quoted(),
)
APPLE_JA = (
    "はい。\n\niPhoneから送信\n\n",
    "2038/01/18 12:00、Emma Reed <noreply@brand.example>のメール:\n\n" + quoted(mark=">"),
)
OUTLOOK_JA = (
    "はい、ぜひお願いします。\n\n",
    "-----元のメッセージ-----\n差出人: Emma Reed <noreply@brand.example>\n送信日時: 2038年1月18日 12:00\n"
    "宛先: lin@people.example\n件名: 新着メッセージ\n\n" + OURS,
)
GMAIL_ZH = (
    "好的，没有问题。\n",
    "\nEmma Reed <noreply@brand.example> 于2038年1月18日周一 12:00写道：\n\n" + quoted(),
)
NETEASE_ZH = ("好的。\n", '\n在 2038-01-18 12:00:00，"Emma Reed" <noreply@brand.example> 写道：\n' + quoted())
QQ_ZH = (
    "好的，没有问题。\n\n",
    '------------------ 原始邮件 ------------------\n发件人: "Emma Reed" <noreply@brand.example>;\n'
    '发送时间: 2038年1月18日(星期一) 中午12:00\n收件人: "lin"<lin@people.example>;\n主题: 新消息\n\n' + OURS,
)
PROGRAMS = {
    "gmail en": GMAIL_EN,
    "gmail en, wrapped": GMAIL_WRAPPED,
    "thunderbird en": THUNDERBIRD_EN,
    "apple en": APPLE_EN,
    "outlook en": OUTLOOK_EN,
    "gmail fr": GMAIL_FR,
    "thunderbird fr": THUNDERBIRD_FR,
    "outlook fr": OUTLOOK_FR,
    "gmail ja": GMAIL_JA,
    "apple ja": APPLE_JA,
    "outlook ja": OUTLOOK_JA,
    "gmail zh": GMAIL_ZH,
    "netease zh": NETEASE_ZH,
    "qq zh": QQ_ZH,
}
