"""Defects made of correct translations, rule by rule: what a checker that is right must find again.

`MUTATIONS` has for each rule what spoils one entry, or None where an entry cannot be spoiled that way;
`FILE_MUTATIONS` what spoils the text of a file. Rules on style have theirs in `mutations_style.py`.
"""

from tests.lint import mutations_markup, mutations_syntax, mutations_words
from tests.lint.mutations_syntax import FILE_MUTATIONS
from tests.lint.spoiling import Mutate

__all__ = ["FILE_MUTATIONS", "MUTATIONS"]

MUTATIONS: dict[str, Mutate] = {
    **mutations_syntax.spoils, **mutations_markup.spoils, **mutations_words.spoils,
}  # fmt: skip
