import pytest

from service.mail import variants
from service.mail.compiled import ContentRefused
from service.mail.variants import choose_variant


def place_of(data: bytes) -> tuple[str, int, int]:
    with pytest.raises(ContentRefused) as refused:
        variants.read(data)
    (finding,) = refused.value.findings
    return finding.rule, finding.line, finding.column


@pytest.mark.parametrize(
    "data",
    [
        b"---\nlocale: ja\nsubject: a {firstName}\n---\nx",
        b"---\r\nlocale: ja\r\nsubject: a {firstName}\r\n---\r\nx",
        b"---\rlocale: ja\rsubject: a {firstName}\r---\rx",
        b"\xef\xbb\xbf---\nlocale: ja-JP\nsubject: 'a {firstName}'\nother: 1\n---\nx",
        b'---\nlocale: ja\nsubject: "a {firstName}"\n---\nx',
        b"---\nlocale:\tja\nsubject:\ta {firstName}\t\n---\nx",
        b"---\nlocale: ja # Japanese\nsubject: 'a {firstName}' # short\n---\nx",
        b"---\nlocale: ja\nsubject: >\n  a\n  {firstName}\n---\nx",
    ],
)
def test_a_file_is_read_in_every_form(data: bytes) -> None:
    variant = variants.read(data)
    assert (variant.locale, variant.subject, variant.content.strip()) == ("ja", "a {firstName}", "x")


def test_a_hash_inside_a_word_is_no_comment() -> None:
    assert variants.read(b"---\nlocale: en\nsubject: Order#5521, C#\n---\nx").subject == "Order#5521, C#"


def test_content_keeps_the_lines_of_the_file() -> None:
    data = b"---\nlocale: en\nsubject: a\n---\n\nx\n"
    assert variants.read(data).content.split("\n")[5] == "x"


def test_a_number_is_a_subject_too() -> None:
    assert variants.read(b"---\nlocale: en\nsubject: 2038\n---\nx").subject == "2038"


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"Hello", ("front-matter", 1, 1)),
        (b"---\nlocale: en\nsubject: a\n", ("front-matter", 1, 1)),
        (b"---\n---\nx", ("front-matter", 1, 1)),
        (b"---\nsubject: a\n---\nx", ("front-matter", 1, 1)),
        (b"---\nlocale: en\nsubject:\n---\nx", ("front-matter", 3, 9)),
        (b"---\nlocale: en\nsubject: {firstName}\n---\nx", ("front-matter", 3, 10)),
        (b"---\nlocale: en\nsubject: Order #5521\n---\nx", ("front-matter", 3, 16)),
        (b"---\nlocale: en\nsubject: Order\n  no. #5521\n---\nx", ("front-matter", 4, 7)),
        (b"---\nlocale: en\nsubject: #1 offer\n---\nx", ("front-matter", 3, 10)),
        (b"---\nlocale: en\nsubject: &Co opens\n---\nx", ("front-matter", 3, 10)),
        (b"---\nlocale: [en]\nsubject: a\n---\nx", ("front-matter", 2, 9)),
        (b"---\nlocale: de\nsubject: a\n---\nx", ("locale", 2, 9)),
        (b"---\nlocale: zh-TW\nsubject: a\n---\nx", ("locale", 2, 9)),
        (b"---\nlocale: en\nsubject: a: b\n---\nx", ("front-matter", 3, 10)),
        (b"---\nlocale: en\nsubject: {firstName|x} hi\n---\nx", ("front-matter", 3, 10)),
        (b"---\nlocale: en\nsubject: [\n---\nx", ("front-matter", 4, 1)),
        (b"---\nlocale: en\nlocale: fr\nsubject: a\n---\nx", ("front-matter", 3, 1)),
        (
            b"---\nlocale: en\nsubject: !!python/object/apply:os.system ['id']\n---\nx",
            ("front-matter", 3, 10),
        ),
        (b"---\nlocale: en\nsubject: a\n---\nx\n\xe6\x8b\x9b\xff", ("encoding", 6, 2)),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_place(
    data: bytes, place: tuple[str, int, int]
) -> None:
    assert place_of(data) == place


@pytest.mark.parametrize("char", "\0\x0b\x0c\r\x1c\x7f\x85\u2028\u2029")
def test_no_control_in_the_head_becomes_a_space(char: str) -> None:
    """H-1."""
    data = f"---\nlocale: en\nsubject: a{char}b\n---\nx\n".encode()
    assert place_of(data) == ("character", 3, 11)


@pytest.mark.parametrize(
    ("locale", "chosen"),
    [
        ("fr", "fr"), ("fr-CA", "fr"), ("FR_ca", "fr"), ("zh-TW", "zh"), ("de", "ja"), ("", "ja"),
        (None, "ja"), ("en", "ja"),
    ],
)  # fmt: skip
def test_who_gets_which_variant(locale: str | None, chosen: str) -> None:
    assert choose_variant(locale, ["fr", "zh", "ja"], default="en", source="ja") == chosen


def test_the_default_comes_before_the_source() -> None:
    assert choose_variant("de", ["fr", "ja"], default="fr", source="ja") == "fr"
