"""Answers cut from the mails they answer: history goes, words stay, and no text is lost."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.mail.quotes import cut
from tests.mail.answers import OURS, PROGRAMS, quoted

# What makes a cutter cut: lines that introduce, quote, separate, sign, or look like fields.
_LINE = st.sampled_from(
    [
        "On Mon, Jan 18, 2038 at 12:00 PM Emma <a@b.example> wrote:",
        "Le 18/01/2038 à 12:00, Emma a écrit :",
        "2038年1月18日 12:00 Emma <a@b.example>:",
        "-----Original Message-----",
        "________________________________",
        "From: Emma <a@b.example>",
        "发件人: Emma",
        "Sent: today",
        "送信日時: 2038年",
        "Subject: x",
        "To: y",
        "> quoted",
        ">",
        "",
        "-- ",
        "words",
        "\u2028",
        "\x0c",
    ]
) | st.text(max_size=30)


@given(st.lists(_LINE, max_size=25).map("\n".join) | st.text())
@example("-- \nLin")
@example(">\r\n> a")
def test_nothing_is_ever_lost(text: str) -> None:
    """What is kept and what is cut are the whole text; something is always kept of what says anything."""
    found = cut(text)
    assert found.kept + found.rest == text
    assert bool(found.kept.strip()) == bool(text.strip())


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_history_of_common_programs_is_cut(program: str) -> None:
    own, history = PROGRAMS[program]
    found = cut(own + history)
    assert (found.kept.strip(), found.rest.strip()) == (own.strip(), history.strip())


@pytest.mark.parametrize(
    "text",
    [
        "No history here.\n",
        # Answered below, and between.
        "On Mon, Jan 18, 2038 at 12:00 PM Emma <a@b.example> wrote:\n" + quoted() + "\nYes, gladly.\n",
        "On 18/01/2038 12:00, Emma wrote:\n> When?\nTomorrow.\n> Where?\nHere.\n",
        # Nobody says whose words these are: they may be part of the answer.
        "As my accountant says:\n\n" + quoted("Ask first.\nThen sign.\n"),
        "Here is what we need:\n> a banner\n> a text\n",
        # Nothing but history: better the whole than nothing.
        PROGRAMS["gmail en"][1],
        PROGRAMS["outlook en"][1],
        # Words that only look like the header of a mail.
        "From: now on we go\nTo: the moon\nand back\n",
        "De : Paris\nà Lyon\n",
        "On Monday I wrote:\nYes.\n",
    ],
)
def test_in_doubt_nothing_is_cut(text: str) -> None:
    assert cut(text).kept == text


def test_a_signature_is_cut_with_or_without_history() -> None:
    own, sign = "Yes.\n", "-- \nLin\nHarbor Lane\n"
    for history in ("", PROGRAMS["gmail en"][1], PROGRAMS["qq zh"][1]):
        found = cut(own + sign + history)
        assert (found.kept, found.rest) == (own, sign + history)


@pytest.mark.parametrize("sign", ["--\nLin\n", "-- \n" + "line\n" * 20, "---\nLin\n"])
def test_what_may_be_no_signature_stays(sign: str) -> None:
    assert cut("Yes.\n" + sign).kept == "Yes.\n" + sign


def test_a_long_mail_is_cut_in_time_that_grows_with_it() -> None:
    """T-2: no line makes the patterns try for long."""
    for line in ("On " * 2000, "> " * 2000, "From: " * 1000, "2038 <" * 1000, "_" * 5000, "\n" * 20_000):
        text = f"Yes.\n{line}\n" * 20 + OURS
        found = cut(text)
        assert found.kept + found.rest == text
