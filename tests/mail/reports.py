"""Received mail for tests, written by hand as servers and people write it."""

SIGNED = "bounces+ae-aaaaaaaaaaaaaaaa@mail.example"


def dsn(
    to: str = SIGNED,
    *,
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 5.1.1 <lin@people.example>: Recipient address rejected: User unknown",
    final: str = "rfc822; lin@people.example",
    original: str = "Message-ID: <original@brand.example>",
) -> bytes:
    """A delivery report as Postfix writes one."""
    return f"""\
Return-Path: <>
Delivered-To: {to}
Date: Mon, 18 Jan 2038 12:00:00 +0000
From: MAILER-DAEMON@mx.people.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4F2E11C0.2147483647/mx.people.example"
Message-Id: <20380118120000.4F2E11C0@mx.people.example>

This is a MIME-encapsulated message.

--4F2E11C0.2147483647/mx.people.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

Your message could not be delivered. It is attached below.

--4F2E11C0.2147483647/mx.people.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.people.example
X-Queue-ID: 4F2E11C0
Arrival-Date: Mon, 18 Jan 2038 11:59:00 +0000

Final-Recipient: {final}
Original-Recipient: rfc822;lin@people.example
Action: {action}
Status: {status}
Remote-MTA: dns; inner.people.example
Diagnostic-Code: {diagnostic}

--4F2E11C0.2147483647/mx.people.example
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

From: Ada <news@brand.example>
{original}

--4F2E11C0.2147483647/mx.people.example--
""".encode()


def arf(
    to: str = "abuse@brand.example",
    *,
    kind: str = "abuse",
    mail_from: str = SIGNED,
    original: str = "original@brand.example",
) -> bytes:
    """A complaint as a feedback loop sends it."""
    return f"""\
From: <feedback@provider.example>
Date: Mon, 18 Jan 2038 12:00:00 +0000
Subject: FW: A partnership with Aurora
To: <{to}>
Message-ID: <complaint@provider.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="part1_13d.2e68ed54"

--part1_13d.2e68ed54
Content-Type: text/plain; charset="US-ASCII"
Content-Transfer-Encoding: 7bit

This is an email abuse report.

--part1_13d.2e68ed54
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <{mail_from}>
Arrival-Date: Mon, 18 Jan 2038 11:59:00 +0000

--part1_13d.2e68ed54
Content-Type: message/rfc822
Content-Disposition: inline

From: Ada <news@brand.example>
Message-ID: <{original}>
Subject: A partnership with Aurora

Hello
--part1_13d.2e68ed54--
""".encode()


def letter(answers: str = "original@brand.example", *more: str, subject: str = "Re: A partnership") -> bytes:
    """An answer as a person writes it; `more` are further header lines."""
    headers = "".join(f"{line}\n" for line in more)
    return f"""\
Return-Path: <lin@people.example>
From: =?utf-8?B?5p6X?= <lin@people.example>
To: Ada <news@brand.example>
Subject: {subject}
Message-ID: <answer@people.example>
In-Reply-To: <{answers}>
References: <first@people.example>
 <{answers}>
{headers}MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

はい、ぜひお願いします。
""".encode()
