"""Judging rows column by column: most cells are plainly right, and rows with others are read one by one."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import compress, count
from operator import eq, not_

from service.csvfile import CsvFile, guard, recognized
from service.csvfile.batches import Batch
from service.csvfile.headers import BY_KEY, Key
from service.csvfile.rows import Row
from service.domain import import_people, import_reasons, import_values
from service.domain.import_people import TEXTS, People
from service.domain.import_reasons import EXTRA_CELLS
from service.domain.import_values import Values
from service.facts.limits import NAME_CHARACTERS
from service.mail.addresses import PLAIN_ADDRESS

# The ids of a program's groups by the keys of their names: asked for where a row names one.
Groups = Callable[[], Mapping[str, int]]


def judge(file: CsvFile, rows: Batch, groups: Groups) -> tuple[People, list[tuple[Row, Values]]]:
    """Return the rows with nothing to remark, and the others: those and the ones that name a partner ID.

    Who of them is new is not looked at here.
    """
    read = _Columns(file, rows.columns, groups)
    others: dict[int, Values] = {}
    # Rows with a remark among them: they have no name here.
    for index in sorted(read.odd):
        values = _read(file, rows.row(index), groups)
        if values.reasons or values.mpid is not None:
            others[index] = values
        else:
            read.put(index, values)
    people = import_people.of_columns(rows.numbers, rows.lines, read.columns)
    if others:
        people = people.where([index not in others for index in range(len(rows))])
    return people, [(rows.row(index), values) for index, values in others.items()]


def values_of(people: People, index: int) -> Values:
    """What one of the rows says, as if it had been read by itself."""
    said = {name: column[index] for name, column in people.columns.items() if column[index]}
    group = said.get("group")
    return Values(
        {name: said[name] for name in TEXTS if name in said and name != "email"},
        email=said["email"],
        email_key=said["identity"],
        group_id=int(group) if group else None,
    )


class _Columns:
    """What rows say, by the names of `People`; `odd` are the indexes of those not plainly right."""

    def __init__(self, file: CsvFile, given: Sequence[Sequence[str]], groups: Groups) -> None:
        self.columns: dict[str, list[str]] = {}
        self.odd: set[int] = set()
        self._count = len(given[0])
        self._codes: dict[Key, Callable[[str], str | None]] = {
            Key.LANGUAGE: recognized.language,
            Key.TIME_ZONE: recognized.time_zone,
            Key.GROUP: lambda text: str(groups().get(import_values.group_key(text), "")),
        }
        for key, index in file.columns.items():
            if any(given[index]) or BY_KEY[key].required:
                texts = map(guard.unguarded, given[index]) if file.mapped.escaped else given[index]
                self._take(key, list(map(str.strip, texts)))

    def _take(self, key: Key, texts: list[str]) -> None:
        self.columns[key.value] = texts
        match key:
            case Key.NAME:
                self._doubt(texts)
                self._doubt_lines(texts)
            case Key.EMAIL:
                self.columns["identity"] = lower = _lower(texts)
                self._doubt(_ADDRESSES.fit(lower))
            case Key.MEDIA:
                self._doubt(_WEB_ADDRESSES.fit(texts))
            case Key.FIRST_NAME | Key.LAST_NAME:
                self._doubt_lines(texts)
            case Key.DESCRIPTION:
                self._doubt(map(str.isprintable, texts))
            case Key.MPID:
                del self.columns[key.value]
                self._doubt(map(not_, texts))
            case _:
                # However many rows there are, few languages, zones and groups are named.
                codes = {text: (self._codes[key](text) or "") if text else "" for text in set(texts)}
                self.columns[key.value] = found = list(map(codes.__getitem__, texts))
                self._doubt(map(eq, map(bool, texts), map(bool, found)))

    def _doubt_lines(self, texts: Sequence[str]) -> None:
        self._doubt(map(str.isprintable, texts))
        if max(map(len, texts)) > NAME_CHARACTERS:
            self._doubt(len(text) <= NAME_CHARACTERS for text in texts)

    def _doubt(self, plain: Iterable[object]) -> None:
        """Note the rows for which it is not so."""
        found = list(plain)
        if not all(found):
            self.odd.update(compress(count(), map(not_, found)))

    def put(self, index: int, values: Values) -> None:
        """Have a row say what reading it by itself found."""
        said = {**values.fields, "email": values.email, "identity": values.email_key}
        if values.group_id is not None:
            said["group"] = str(values.group_id)
        for name in self.columns.keys() | said.keys():
            self.columns.setdefault(name, [""] * self._count)[index] = said.get(name, "")


def _lower(texts: list[str]) -> list[str]:
    """In lower case, as plain addresses are compared; what is not ASCII stays and is no plain one."""
    joined = _END.join(texts)
    if joined.isascii():
        return texts.copy() if joined.islower() else list(map(str.lower, texts))
    return [text.lower() if text.isascii() else text for text in texts]


class _Pattern:
    """Finds out which of many texts a pattern fits: a good many of them at once, where it fits them all."""

    def __init__(self, pattern: str) -> None:
        self._one = re.compile(pattern)
        self._all = re.compile(f"(?>(?:{pattern}{_END})*)")

    def fit(self, texts: Sequence[str]) -> list[bool]:
        """Whether it fits each of them whole."""
        found: list[bool] = []
        for at in range(0, len(texts), _TOGETHER):
            some = texts[at : at + _TOGETHER]
            joined = _END.join([*some, ""])
            if joined.count(_END) == len(some) and self._all.fullmatch(joined):
                found += [True] * len(some)
            else:
                found += [self._one.fullmatch(text) is not None for text in some]
        return found


# A sign that no pattern fits, and so many texts that few of them hold one that is odd.
_END, _TOGETHER = "\x1e", 50
_ADDRESSES, _WEB_ADDRESSES = _Pattern(PLAIN_ADDRESS), _Pattern(import_values.ONE_WEB)


def _read(file: CsvFile, row: Row, groups: Groups) -> Values:
    if not row.findings:
        return import_values.read(file.values(row), groups())
    reasons = import_reasons.of_findings(row.findings, file.columns)
    if any(one.rule == "row-extra-cells" for one in reasons):
        reasons.append(import_reasons.error("row-shifted", EXTRA_CELLS))
        reasons = [one for one in reasons if one.rule != "row-extra-cells"]
    if row.bad or any(one.rejects for one in reasons):
        return Values({Key.NAME.value: _shown_name(file, row)}, reasons=reasons)
    values = import_values.read(file.values(row), groups())
    values.reasons[:0] = reasons
    return values


def _shown_name(file: CsvFile, row: Row) -> str:
    """The name in a row that cannot be used, as far as it can be shown."""
    name = file.values(row).get(Key.NAME, "").strip()[:NAME_CHARACTERS]
    return "".join(char if char.isprintable() else "\ufffd" for char in name)
