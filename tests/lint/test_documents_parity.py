"""Mutations of translated pages: each planted defect is found by its rule, clean pages are silent."""

import re
from collections.abc import Callable

import pytest

from service.i18n.locales import LOCALES
from service.lint import documents
from service.markdown.dialect import parse
from service.paths import data_dir

EN = """\
---
description: How boats are lent.
order: 3
---

# Lend a boat {#lend}

You lend up to 12 boats on 3 days. See [the harbor](harbor.md) and [the rules](#rules).

{% hint style="warning" %}
Boats need the permission {label:Boats}.
{% endhint %}

## Choose {#choose}

{% tabs %}
{% tab title="By phone" %}
1. Call 555 20.
2. Say `{boatName|none}`.
   * A boat may be out until January 19, 2038.
3. Write `**now**`.
{% endtab %}

{% tab title="By mail" %}
Write to us.
{% endtab %}
{% endtabs %}

## Rules {#rules}

| Boat | Seats |
| --- | --- |
| Small | 2 |
| Large | 1,500 |

```csv
boat,seats
a,2
```

![The harbor](images/harbor.webp)

<details>

<summary>Prices</summary>

It costs {fact:import rows}.

</details>

{% generated "tokens" %}
"""
PAGES = {
    "fr": """\
---
description: Comment prêter un bateau.
order: 3
---

# Prêter un bateau {#lend}

Vous prêtez jusqu’à 12 bateaux sur 3 jours. Voir [les règles](#rules) et [le port](harbor.md).

{% hint style="warning" %}
Il vous faut l’autorisation {label:Boats}.
{% endhint %}

## Choisir {#choose}

{% tabs %}
{% tab title="Par téléphone" %}
1. Appelez le 555 20.

2. Dites `{boatName|aucun}`.

   - Un bateau peut être sorti jusqu’au 19 janvier 2038.

3. Écrivez `**maintenant**`.
{% endtab %}

{% tab title="Par courrier" %}
Écrivez-nous.
{% endtab %}
{% endtabs %}

## Règles {#rules}

| Bateau | Places |
|:--|--:|
| Petit | 2 |
| Grand | 1\u202f500 |

```csv
boat,seats
a,2
```

![Le port](images/harbor.webp)

<details>

<summary>Prix</summary>

Le prix est de {fact:import rows}.

</details>

{% generated "tokens" %}
""",
    "ja": """\
---
description: ボートの貸し出し方。
order: 3
---

# ボートの貸し出し {#lend}

3日間で12艘まで貸し出せます。[港](harbor.md)と[規則](#rules)を参照してください。

{% hint style="warning" %}
{label:Boats}の権限が必要です。
{% endhint %}

## 選び方 {#choose}

{% tabs %}
{% tab title="電話から" %}
1. 555 20に電話します。
2. `{boatName|なし}`と伝えます。
   * 2038年1月19日まで使えないボートもあります。
3. `**今**`と書きます。
{% endtab %}

{% tab title="手紙から" %}
手紙を書いてください。
{% endtab %}
{% endtabs %}

## 規則 {#rules}

| ボート | 席 |
| --- | --- |
| 小 | 2 |
| 大 | 1,500 |

```csv
boat,seats
a,2
```

![港](images/harbor.webp)

<details>

<summary>料金</summary>

料金は{fact:import rows}です。

</details>

{% generated "tokens" %}
""",
    "zh": """\
---
description: 如何出借小船。
order: 3
---

# 出借小船 {#lend}

您可以在三天内出借最多 12 艘船。请参阅[港口](harbor.md)和[规则](#rules)。

{% hint style="warning" %}
需要{label:Boats}权限。
{% endhint %}

## 选择 {#choose}

{% tabs %}
{% tab title="通过电话" %}
1. 拨打 555 20。
2. 说出 `{boatName|无}`。
   * 有的船要到 2038年1月19日才能使用。
3. 写下 `**现在**`。
{% endtab %}

{% tab title="通过信件" %}
请写信给我们。
{% endtab %}
{% endtabs %}

## 规则 {#rules}

| 船 | 座位 |
| --- | --- |
| 小 | 2 |
| 大 | 1500 |

```csv
boat,seats
a,2
```

![港口](images/harbor.webp)

<details>

<summary>价格</summary>

价格为 {fact:import rows}。

</details>

{% generated "tokens" %}
""",
}


def page(source: str, code: str) -> documents.Page:
    return documents.page(source, parse(source), LOCALES[code])


def judged(source: str, target: str, code: str) -> list[str]:
    """`RULE@line` of everything found on a translation."""
    one = page(target, code)
    findings = [*documents.judge(one), *documents.compare(page(source, "en"), one)]
    return [f"{finding.rule}@{finding.line}" for finding in findings]


@pytest.mark.parametrize("code", PAGES)
def test_a_translation_of_the_same_form_is_silent(code: str) -> None:
    """Lists set loose, tables set anew, links in another order, months with names, samples in words."""
    assert judged(EN, PAGES[code], code) == []


def test_the_source_is_silent() -> None:
    assert list(documents.judge(page(EN, "en"))) == []


# What is replaced in a French, Japanese or Chinese page, by what, and the rules that must see it.
MUTATIONS = {
    "heading level": ("fr", "## Choisir", "### Choisir", {"DO003"}),
    "heading lost": ("ja", "## 規則 {#rules}\n", "", {"DO003", "DO006"}),
    "heading as paragraph": ("fr", "## Choisir {#choose}", "Choisir.", {"DO003"}),
    "anchor": ("zh", "{#choose}", "{#xuanze}", {"DO004"}),
    "anchor lost": ("fr", " {#choose}", "", {"DO004"}),
    "code block": ("ja", "a,2", "a,3", {"DO005"}),
    "code block language": ("ja", "```csv", "```text", {"DO005"}),
    "code block lost": ("fr", "```csv\nboat,seats\na,2\n```\n", "", {"DO005"}),
    "token in code": ("fr", "{boatName|aucun}", "{nomBateau|aucun}", {"DO005"}),
    "code lost": ("zh", "说出 `{boatName|无}`。", "说出。", {"DO005"}),
    "token in prose": ("zh", "`{boatName|无}`", "{boatName|无}", {"DO005", "DO015"}),
    "link": ("fr", "(harbor.md)", "(boats.md)", {"DO006"}),
    "link lost": ("ja", "[港](harbor.md)", "港", {"DO006"}),
    "anchor of a link": ("ja", "(#rules)", "(#choose)", {"DO006"}),
    "image": ("zh", "images/harbor.webp", "images/boat.webp", {"DO006"}),
    "row lost": ("fr", "| Petit | 2 |\n", "", {"DO007"}),
    "column more": (
        "ja",
        "| ボート | 席 |\n| --- | --- |",
        "| ボート | 席 | 色 |\n| --- | --- | --- |",
        {"DO007"},
    ),
    "item lost": ("fr", "3. Écrivez `**maintenant**`.\n", "", {"DO008"}),
    "item more": ("zh", "3. 写下", "3. 再看一遍。\n4. 写下", {"DO008"}),
    "item at another depth": ("ja", "   * 2038年1月", "4. 2038年1月", {"DO008"}),
    "list of another kind": ("fr", "   - Un bateau", "   1. Un bateau", {"DO008"}),
    "key lost": ("fr", "order: 3\n", "", {"DO010"}),
    "key more": ("ja", "order: 3\n", "order: 3\nhidden: true\n", {"DO010"}),
    "value": ("zh", "order: 3", "order: 4", {"DO010"}),
    "hint style": ("fr", 'style="warning"', 'style="info"', {"DO011"}),
    "tab lost": ("ja", '{% tab title="手紙から" %}\n手紙を書いてください。\n{% endtab %}\n', "", {"DO011"}),
    "details lost": ("fr", "<details>\n\n<summary>Prix</summary>\n", "", {"DO008", "DO011"}),
    "number": ("fr", "12 bateaux", "15 bateaux", {"DO012"}),
    "digit": ("ja", "3日間", "4日間", {"DO012"}),
    "number lost": ("zh", "最多 12 艘", "最多一打", {"DO012"}),
    "number in a cell": ("zh", "| 1500 |", "| 1600 |", {"DO012"}),
    "year": ("fr", "janvier 2038", "janvier 2028", {"DO012"}),
    "language of a page": ("ja", "order: 3", "order: 3\nlang: zh-Hans", {"DO013"}),
    "paragraph lost": ("fr", "Écrivez-nous.\n", "", {"DO014"}),
    "paragraph more": ("ja", "手紙を書いてください。\n", "手紙を書いてください。\n\n待ちます。\n", {"DO014"}),
    "words lost": ("zh", '{% tab title="通过信件" %}', '{% tab title="" %}', {"DO014", "DO017"}),
    "label": ("ja", "{label:Boats}", "{label:Ships}", {"DO015"}),
    "label typed": ("fr", "{label:Boats}", "**Bateaux**", {"DO015"}),
    "fact typed": ("zh", "{fact:import rows}", "1000", {"DO012", "DO015"}),
    "generated": ("fr", 'generated "tokens"', 'generated "greetings"', {"DO014"}),
    "particle": ("ja", "手紙を書いて", "を書いて", {"DO016"}),
    "orphan title": ("ja", "電話から", "から", {"DO017"}),
    "date": ("zh", "到 2038年1月19日才", "到 January 19, 2038 才", {"DO018"}),
    "backslash": ("fr", "`{boatName|aucun}`", "`{boat\\_Name|aucun}`", {"DO005", "DO019"}),
    "foreign label": ("ja", "手紙を書いて", "**Letter**を書いて", {"DO020"}),
    "no verb": ("ja", "1. 555 20に電話します。", "1. 555 20から、*電話*.", {"DO021", "JA001"}),
    "sentence as heading": ("zh", "## 规则", "## 请遵守以下规则。", {"DO022"}),
    "half-width stop": ("ja", "電話します。", "電話します.", {"JA001"}),
    "space before a colon": (
        "fr",
        "## Règles {#rules}\n",
        "## Règles {#rules}\n\nVoici : rien.\n",
        {"DO014", "FR001"},
    ),
    "not translated": (
        "fr",
        "Vous prêtez jusqu’à 12 bateaux sur 3 jours. Voir [les règles](#rules) et [le port]",
        "You lend up to 12 boats on 3 days. See [the harbor](harbor.md) and [the rules]",
        {"DO006", "ST003"},
    ),
    "Devanagari": ("ja", "手紙を書いて", "手紙सुनिश्चितを書いて", {"ST005"}),
    "familiar": ("fr", "Écrivez-nous.", "Écrivez-nous, vous ou toi.", {"CO004"}),
}


@pytest.mark.parametrize(("code", "old", "new", "rules"), MUTATIONS.values(), ids=MUTATIONS)
def test_each_planted_defect_is_found_by_its_rule(code: str, old: str, new: str, rules: set[str]) -> None:
    """DO003 to DO022: the defect is found, and nothing else is."""
    clean = PAGES[code]
    assert old in clean
    found = {one.partition("@")[0] for one in judged(EN, clean.replace(old, new, 1), code)}
    assert found == rules


def test_a_defect_is_found_where_it_is() -> None:
    line = PAGES["fr"].split("\n").index("1. Appelez le 555 20.") + 1
    assert judged(EN, PAGES["fr"].replace("555 20", "555 30"), "fr") == [f"DO012@{line}"] * 2


def test_segments_slid_by_one_are_found() -> None:
    """10.2 A: every slot holds its neighbour's text, so that nothing fits where it stands."""
    slots = ["1. 555 20に電話します。", "2. `{boatName|なし}`と伝えます。", "3. `**今**`と書きます。"]
    bodies = [slot[3:] for slot in slots]
    target = PAGES["ja"]
    for slot, body in zip(slots, [bodies[-1], *bodies[:-1]], strict=True):
        target = target.replace(slot, f"{slot[:3]}{body}", 1)
    assert {one.partition("@")[0] for one in judged(EN, target, "ja")} == {"DO005", "DO012"}


SLUGS = sorted(path.stem for path in (data_dir("content") / "en").glob("*.md"))


def ours(code: str, slug: str) -> str:
    return (data_dir("content") / code / f"{slug}.md").read_text(encoding="utf-8")


def first(pattern: str, replacement: str) -> Callable[[str], str]:
    return lambda text: re.sub(pattern, replacement, text, count=1, flags=re.MULTILINE)


PLANTED: dict[str, tuple[Callable[[str], str], set[str]]] = {
    "heading raised": (first(r"^## ", "# "), {"DO003"}),
    "id changed": (first(r"\{#[a-z-]+\}$", "{#other}"), {"DO004"}),
    "label renamed": (first(r"\{label:[^{}]+\}", "{label:Nothing}"), {"DO015"}),
    "label typed": (first(r"\{label:([^{}]+)\}", r"**\1**"), {"DO015"}),
    "link changed": (first(r"\(([a-z-]+)\.md", r"(no-\1.md"), {"DO006"}),
    "item dropped": (first(r"^1\. .*\n", ""), {"DO008"}),
    "paragraph doubled": (first(r"^([^\s#|*<{0-9-].*)\n$", r"\1\n\n\1\n"), {"DO014"}),
    "fact changed": (first(r"\{fact:[^{}]+\}", "{fact:page rows}"), {"DO015"}),
    "hint lost": (first(r"^\{% hint[^\n]*\n(?:.*\n)*?\{% endhint %\}\n", ""), {"DO011"}),
    "order changed": (first(r"^order: \d+", "order: 999"), {"DO010"}),
    "row dropped": (first(r"^\|(?! ?-).*\n(?=\|)(?!\| ?-)", ""), {"DO007"}),
    "code changed": (first(r"`\{[a-zA-Z]+\}`", "`{other}`"), {"DO005"}),
}


@pytest.mark.parametrize("code", PAGES)
@pytest.mark.parametrize("planted", PLANTED)
def test_defects_planted_in_our_own_pages_are_found(planted: str, code: str) -> None:
    mutate, rules = PLANTED[planted]
    changed = {slug: mutate(ours(code, slug)) for slug in SLUGS}
    changed = {slug: text for slug, text in changed.items() if text != ours(code, slug)}
    assert changed
    for slug, text in changed.items():
        found = documents.compare(page(ours("en", slug), "en"), page(text, code))
        # The page for writers shows such marks as code.
        planted_rules = {finding.rule for finding in found}
        assert rules <= planted_rules or (slug == "for-writers" and "DO005" in planted_rules), slug
