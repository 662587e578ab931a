"""Names in greetings: what a language says, made of whole names only; nothing is ever cut out of a name."""

import re

# Japanese and Chinese forms of address that somebody may have put into the value already.
_HONORIFICS = ("様", "さま", "さん", "先生", "御中", "教授", "社長", "部長", "課長")
_IDEOGRAPHS = re.compile(
    r"[\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff・ー]+"
)
_KATAKANA = re.compile(r"[\u30a0-\u30ff]+")
_FAMILY_FIRST = frozenset({"zh", "ja", "ko", "vi", "hu"})
# Chinese family names of two characters; one character alone is always a family name.
_COMPOUND = re.compile(
    "欧阳|歐陽|司马|司馬|上官|诸葛|諸葛|东方|東方|皇甫|尉迟|尉遲|公孙|公孫|慕容|令狐|司徒|夏侯|轩辕|軒轅|端木|百里|东郭|東郭|"
    "南宫|南宮|西门|西門|独孤|獨孤|宇文|长孙|長孫|钟离|鍾離|闻人|聞人|呼延|申屠|太史|澹台|澹臺|公冶|拓跋|第五|万俟|濮阳|濮陽|"
    "淳于|单于|單于|赫连|赫連|鲜于|鮮于"
)


def greeting(
    first: str | None, last: str | None, company: str | None, *, locale: str, own: str | None = None
) -> str | None:
    """Return the name a mail in a language greets with, or None where nothing fits; values are clean.

    Japanese: the family name, or the only name known, and 様; a company alone and 御中. Chinese: the full
    name, family name first; None where only a family name is known, by which nobody is greeted. French and
    English: the first name. `own` is the person's own language: the order of names in Latin letters.
    """
    if locale == "ja":
        if person := last or first:
            return _addressed(person, "様")
        return _addressed(company, "御中") if company else None
    if locale == "zh":
        if last and not first and (len(last) == 1 or _COMPOUND.fullmatch(last)):
            return None
        return full_name(first, last, own)
    return first


def _addressed(name: str, honorific: str) -> str:
    # 殿 also ends family names such as 鵜殿.
    is_addressed = name.endswith(_HONORIFICS) or (name.endswith("殿") and len(name) > 2)
    return name if is_addressed else name + honorific


def full_name(first: str | None, last: str | None, own: str | None) -> str | None:
    """Return both names in the order of the person's language, without space where the script has none.

    A first name that already is the whole name (王秀英 beside 王) stands alone.
    """
    if not first or not last:
        return last or first
    if _is_whole(first, last):
        return first
    if _KATAKANA.fullmatch(first + last):
        # Names from elsewhere keep their order in katakana.
        return f"{first}・{last}"
    if _IDEOGRAPHS.fullmatch(last + first):
        return last + first
    base = (own or "").replace("_", "-").partition("-")[0].lower()
    return f"{last} {first}" if base in _FAMILY_FIRST else f"{first} {last}"


def _is_whole(first: str, last: str) -> bool:
    """Tell whether a first name holds the family name too, as in files with one column for the name."""
    if last != first and last in first.split():
        return True
    return bool(_IDEOGRAPHS.fullmatch(first)) and first.startswith(last) and len(first) > len(last) + 1
