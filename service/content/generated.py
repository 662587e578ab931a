"""What help pages print from the running code: tables (`{% generated "x" %}`) and values (`{fact:x}`)."""

from collections.abc import Callable, Mapping, Sequence

from service.csvfile import dialect, encoding, words
from service.csvfile import file as csvfile
from service.csvfile.headers import COLUMNS
from service.facts import bounces, limits, permissions, stages
from service.facts.filetypes import FileType
from service.facts.findings import Finding, Severity
from service.facts.words import N_, NP_, Phrase
from service.i18n.catalogs import Catalog
from service.i18n.locales import LOCALES
from service.mail import names
from service.mail.compiled import ContentRefused, compile_variant
from service.mail.layout import Frame
from service.mail.tokens import TOKENS
from service.mail.values import examples
from service.markdown.references import escape

TOKEN = N_("Token")
PRINTS = N_("What it prints")
EXAMPLE = N_("Example")
LANGUAGE = N_("Language")
FIRST_NAME = N_("Contact first name")
LAST_NAME = N_("Contact last name")
NO_VALUE = N_("No value")
COLUMN = N_("Column")
EXPLANATION = N_("Explanation")
NEED = N_("Required or optional")
REQUIRED = NP_("field", "Required")
OPTIONAL = NP_("field", "Optional")
RESTORE = N_("Restore")
STAGE = N_("Stage")
HAPPENED = N_("What happened")
PERMISSION = N_("Permission")
ROLES = N_("Roles that include it")
YES, NO = N_("Yes"), N_("No")
WRITTEN = N_("What you write")
REFUSED = N_("What the form answers")

FACTS: Mapping[str, Callable[[Catalog], str]] = {
    "import file size": lambda catalog: catalog.formats.file_size(limits.IMPORT_FILE_BYTES),
    "import rows": lambda catalog: catalog.formats.number(limits.IMPORT_ROWS),
    "import field size": lambda catalog: catalog.formats.file_size(limits.IMPORT_FIELD_BYTES),
    "import encodings": lambda catalog: catalog.formats.listing(
        [words.encoding_name(name) for name in encoding.CHOICES]
    ),
    "import delimiters": lambda catalog: catalog.formats.listing(
        [words.delimiter_name(mark, catalog) for mark in dialect.DELIMITERS]
    ),
    "email content size": lambda catalog: catalog.formats.file_size(limits.EMAIL_CONTENT_BYTES),
    "email subject characters": lambda catalog: catalog.formats.number(limits.EMAIL_SUBJECT_CHARACTERS),
    "invitation days": lambda catalog: catalog.formats.number(limits.INVITATION_DAYS),
    "user invitation days": lambda catalog: catalog.formats.number(limits.USER_INVITATION_LIFE.days),
    "soft bounces": lambda catalog: catalog.formats.number(bounces.SOFT_MOST),
    "soft bounce days": lambda catalog: catalog.formats.number(bounces.SOFT_PERIOD.days),
    "hard bounce share": lambda catalog: catalog.formats.percent(bounces.HARD_LIMIT.share),
    "hard bounces": lambda catalog: catalog.formats.number(bounces.HARD_LIMIT.most),
    "emails for each complaint": lambda catalog: catalog.formats.number(
        round(1 / bounces.COMPLAINT_LIMIT.share)
    ),
    "complaints": lambda catalog: catalog.formats.number(bounces.COMPLAINT_LIMIT.most),
    "bounce window": lambda catalog: catalog.formats.number(bounces.HARD_LIMIT.window),
    "attachments": lambda catalog: catalog.formats.number(limits.ATTACHMENTS),
    "attachment size": lambda catalog: catalog.formats.file_size(limits.ATTACHMENT_BYTES),
    "attachment types": lambda catalog: catalog.formats.listing([kind.label for kind in FileType]),
    "inbound email size": lambda catalog: catalog.formats.file_size(limits.INBOUND_MAIL_BYTES),
    "page rows": lambda catalog: catalog.formats.number(limits.PAGE_ROWS),
    "languages": lambda catalog: catalog.formats.listing(
        [catalog.formats.language_name(locale.tag) for locale in LOCALES.values()]
    ),
}


def _tokens(catalog: Catalog) -> str:
    printed = examples(catalog.locale.code)
    rows = [
        (_code(token.written), escape(catalog.say(token.phrase)), escape(printed[token.name]))
        for token in TOKENS
    ]
    return _table(catalog, (TOKEN, PRINTS, EXAMPLE), rows)


# People of several languages, greeted by emails of several languages.
_GREETED = (
    ("en", "Olivia", "Carter", "en"),
    ("fr", "Camille", "Lefèvre", "fr"),
    ("ja", "花子", "山田", "ja"),
    ("ja", "Camille", "Lefèvre", "fr"),
    ("zh", "秀英", "王", "zh"),
    ("zh", None, "王", "zh"),
)


def _greetings(catalog: Catalog) -> str:
    rows = []
    for code, first, last, own in _GREETED:
        greeting = names.greeting(first, last, None, locale=code, own=own)
        language = catalog.formats.language_name(LOCALES[code].tag)
        shown = greeting or catalog.say(NO_VALUE)
        rows.append(tuple(escape(cell) for cell in (language, first or "", last or "", shown)))
    return _table(catalog, (LANGUAGE, FIRST_NAME, LAST_NAME, PRINTS), rows)


def _csv_columns(catalog: Catalog) -> str:
    code = catalog.locale.code
    rows = [
        (
            escape(column.names[code]),
            escape(catalog.say(REQUIRED if column.required else OPTIONAL)),
            escape(catalog.say(column.explanation)),
            escape(column.examples[code]),
        )
        for column in COLUMNS
    ]
    return _table(catalog, (COLUMN, NEED, EXPLANATION, EXAMPLE), rows)


def _csv_example(catalog: Catalog) -> str:
    """A whole file with the required columns and one row, to copy."""
    code = catalog.locale.code
    required = [column for column in COLUMNS if column.required]
    header = ",".join(column.names[code] for column in required)
    return f"```csv\n{header}\n{','.join(column.examples[code] for column in required)}\n```\n"


def _stages(catalog: Catalog) -> str:
    values = {
        "days": catalog.formats.number(limits.INVITATION_DAYS),
        "restore": catalog.say(RESTORE),
    }
    shown = [(label, stages.STAGE_MEANINGS[stage]) for stage, label in stages.STAGE_LABELS.items()]
    rows = [
        (f"**{escape(catalog.say(label))}**", escape(catalog.say(meaning, **values)))
        for label, meaning in (*shown, (stages.ARCHIVED_LABEL, stages.ARCHIVED_MEANING))
    ]
    return _table(catalog, (STAGE, HAPPENED), rows)


def _permissions(catalog: Catalog) -> str:
    """Every permission, and the roles of every installation that include it."""
    rows = []
    for permission, label in permissions.PERMISSION_LABELS.items():
        roles = [
            catalog.say(permissions.ROLE_LABELS[role])
            for role, included in permissions.ROLE_PERMISSIONS.items()
            if permission in included
        ]
        rows.append((escape(catalog.say(label)), escape(catalog.formats.listing(roles))))
    return _table(catalog, (PERMISSION, ROLES), rows)


def _role_matrix(catalog: Catalog) -> str:
    """Every permission, and for each role of every installation whether it includes it."""
    rows = [
        (
            escape(catalog.say(label)),
            *(
                escape(catalog.say(YES if permission in included else NO))
                for included in permissions.ROLE_PERMISSIONS.values()
            ),
        )
        for permission, label in permissions.PERMISSION_LABELS.items()
    ]
    roles = [permissions.ROLE_LABELS[role] for role in permissions.ROLE_PERMISSIONS]
    return _table(catalog, (PERMISSION, *roles), rows)


# Each is one mistake; what the checks answer is what the author of an email sees.
_MISTAKES = (
    "{fristName}",
    "{firstname}",
    "｛firstName｝",
    "{first**Name**}",
    "{adcode_17}",
    "[…](https://{mpname}/)",
    '<p title="{mpid}">',
)


def _token_errors(catalog: Catalog) -> str:
    rows = []
    for content in _MISTAKES:
        for finding in _refused(content, catalog):
            rows.append((_code(content), escape(catalog.say(finding.phrase, **finding.values))))
    return _table(catalog, (WRITTEN, REFUSED), rows)


def _refused(content: str, catalog: Catalog) -> Sequence[Finding]:
    """What is wrong with the content of an email in a program that has no ads."""
    try:
        compile_variant(
            "–",
            content,
            locale=catalog.locale.code,
            catalog=catalog,
            frame=Frame(program_name="–"),
            known_ads=(),
        )
    except ContentRefused as refused:
        return refused.findings
    return ()


_FILES = (
    b"\x89PNG\r\n\x1a\n",
    b"PK\x03\x04",
    b" ",
    b"Contact email\na@example.com\n",
    b"Partner name,Contact email,Media property,Contact email\n",
)


def _file_errors(catalog: Catalog) -> str:
    """Why a whole file is refused: the answers to files that have one mistake each."""
    said = []
    for data in _FILES:
        for finding in csvfile.read(data, locale=catalog.locale.code).findings:
            if finding.severity is Severity.ERROR:
                said.append(words.say(finding.phrase, finding.values, catalog))
    return "".join(f"* {escape(one)}\n" for one in dict.fromkeys(said))


TABLES: Mapping[str, Callable[[Catalog], str]] = {
    "tokens": _tokens,
    "greetings": _greetings,
    "csv-columns": _csv_columns,
    "csv-example": _csv_example,
    "file-errors": _file_errors,
    "permissions": _permissions,
    "role-matrix": _role_matrix,
    "stages": _stages,
    "token-errors": _token_errors,
}


def _code(text: str) -> str:
    return f"`{text.replace('|', chr(92) + '|')}`"


def _table(catalog: Catalog, head: Sequence[Phrase], rows: Sequence[Sequence[str]]) -> str:
    """Return a pipe table; cells are Markdown, already escaped."""
    lines = [[escape(catalog.say(phrase)) for phrase in head], ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
