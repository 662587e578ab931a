"""Where a text is used, and the texts of certain moments: what the pages for translators say of both."""

import json
import re
from itertools import product

from service.domain.translations import message_id
from service.facts.permissions import BuiltInRole
from service.facts.refusals import Refusal
from service.i18n import places, po
from service.i18n.locales import LOCALES
from service.paths import data_dir
from service.web.translate_places import place_of
from tests.web.pages import soup, words
from tests.web.test_translate import GROUPS, Desk, Sit, desk, sit

__all__ = ["desk", "sit"]
INVITATION = message_id((None, "Kind regards,"))
EMPTY = message_id((None, "No groups yet"))
KNOWN = 0.95
"""How many of the texts the table must know; below that it is time for `make places`."""


def listed(desk: Desk, message: str, code: str = "en") -> dict[str, tuple[str, str]]:
    """Name of each place with its address and what stands beside it."""
    page = soup(desk.browser.get(f"/{code}/translate/texts/{message}"))
    found = {}
    for one in page.select(".places li"):
        button, note = one.button, one.select_one(".soft")
        name = words(button or one.span)
        found[name] = (str(button["value"]) if button else "", words(note) if note else "")
    return found


def test_the_table_knows_the_pages_and_texts_there_are(desk: Desk) -> None:
    """Run `make places` where this fails."""
    table = places.read(data_dir("locales") / "places.json")
    template = po.read((data_dir("locales") / "messages.pot").read_bytes()).messages
    served = {place_of(rule.rule) for rule in desk.browser.client.application.url_map.iter_rules()}
    assert set(table.pages) - served == set()
    known = sum(message_id(entry.key) in table.known for entry in template)
    assert known >= KNOWN * len(template)


def test_a_text_leads_to_its_page_under_inspection(sit: Sit) -> None:
    desk = sit(BuiltInRole.ADMINISTRATOR)
    assert listed(desk, GROUPS, "fr")["Groupes"] == ("/fr/groups", "")
    form = {"inspect": "on", "back": "/fr/groups", "text": GROUPS}
    answer = desk.browser.post("/fr/translate/inspect", form)
    assert answer.headers["Location"] == f"/fr/groups#text-{GROUPS}"
    assert soup(desk.browser.get("/fr/groups")).select_one("#page-texts") is not None
    answer = desk.browser.post("/fr/translate/inspect", {**form, "text": "x\r\nSet-Cookie: a=b"})
    assert answer.headers["Location"] == "/fr/groups"


def test_a_page_that_cannot_be_opened_says_why(desk: Desk) -> None:
    assert listed(desk, GROUPS)["Groups"] == ("", "Your role does not open this page.")
    assert listed(desk, message_id((None, "Forgotten your password?")))["Sign in"] == (
        "", "Only seen by people who are not signed in.",
    )  # fmt: skip


def test_mails_and_lists_of_the_gallery_are_places_too(desk: Desk) -> None:
    assert listed(desk, INVITATION, "ja")["メール：招待"][0] == "/ja/translate/gallery/invitation/ja"
    assert listed(desk, EMPTY)["Empty lists"][0] == "/en/translate/gallery/empty/en"
    refused = message_id((None, Refusal.NAME_MISSING.phrase.text))
    assert listed(desk, refused)["Error messages"][0] == "/en/translate/gallery/refusals/en"


def test_texts_found_nowhere_are_listed(desk: Desk) -> None:
    table = json.loads((desk.locales / "places.json").read_text(encoding="utf-8"))

    def found() -> list[str]:
        page = soup(desk.browser.get("/en/translate/ja?show=nowhere&q=Groups"))
        return [words(link) for link in page.select("tbody th a")]

    assert "Groups" not in found()
    for page in table["pages"].values():
        page["title"] = ""
        page["texts"] = [one for one in page["texts"] if one != GROUPS]
    for name in ("frame", "errors", "notices", "refusals", "commands"):
        table[name] = [one for one in table[name] if one != GROUPS]
    (desk.locales / "places.json").write_text(json.dumps(table), encoding="utf-8")
    assert "Groups" in found()
    shown = soup(desk.browser.get(f"/en/translate/texts/{GROUPS}"))
    assert "No page, email or command is known to show this text." in words(shown)
    (desk.locales / "places.json").unlink()
    assert "Appears on" not in words(soup(desk.browser.get(f"/en/translate/texts/{GROUPS}")))


def test_texts_of_certain_moments_are_shown_with_values(desk: Desk) -> None:
    for kind, code in product(("refusals", "notices", "empty"), LOCALES):
        page = soup(desk.browser.get(f"/en/translate/gallery/{kind}/{code}"))
        assert re.findall(r"%\(\w+\)", words(page.main)) == []
        own = {str(one["lang"]) for one in page.select("main bdi, main .sample > div")}
        assert own == {LOCALES[code].tag}
        if kind == "refusals":
            ids = [words(one) for one in page.select("tbody code")]
            assert ids == [message_id((None, refusal.phrase.text)) for refusal in Refusal]


def test_a_mail_is_inspected_in_its_frame(desk: Desk) -> None:
    """Its texts are in the list of the page, and the page may look into the frame; scripts stay off."""
    address = "/en/translate/gallery/invitation/ja"
    policy = desk.browser.get(f"{address}/html").headers["Content-Security-Policy"]
    assert policy.endswith("sandbox")
    desk.browser.get("/en/translate")
    desk.browser.post("/en/translate/inspect", {"inspect": "on", "back": address})
    texts = json.loads(soup(desk.browser.get(address)).select_one("#page-texts").get_text())  # type: ignore[union-attr]
    assert INVITATION in {one["id"] for one in texts}
    policy = desk.browser.get(f"{address}/html").headers["Content-Security-Policy"]
    assert policy.endswith("sandbox allow-same-origin")
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
