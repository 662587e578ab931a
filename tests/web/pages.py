"""What tests read of a page: its words, its form, what stands as wrong, and what every page must be."""

from typing import Any

from bs4 import BeautifulSoup
from werkzeug.test import TestResponse


def soup(response: TestResponse) -> BeautifulSoup:
    """Return a page parsed."""
    return BeautifulSoup(response.get_data(as_text=True), "html.parser")


def words(found: object) -> str:
    """Return the text of an element on one line."""
    assert found is not None
    return " ".join(found.get_text(" ").split())  # type: ignore[attr-defined]


def check_page(response: TestResponse, code: str) -> BeautifulSoup:
    """Hold a page against what every page must be, and return it parsed.

    200, its language said in header and markup, a title, one heading of the first level, a main landmark,
    a label for every control, ids that are there once, nothing inline that the policy forbids.
    """
    assert response.status_code == 200
    page = soup(response)
    tag = {"zh": "zh-Hans"}.get(code, code)
    assert response.headers["Content-Language"] == tag
    assert page.html is not None
    assert page.html["lang"] == tag
    assert page.title is not None
    assert words(page.title).removesuffix("· Prospectus").strip()
    assert len(page.find_all("h1")) == 1
    assert len(page.find_all("main")) == 1
    ids = [element["id"] for element in page.find_all(id=True)]
    assert len(ids) == len(set(ids))
    check_nothing_inline(page)
    for control in page.select("input:not([type=hidden]), select, textarea"):
        named = control.has_attr("aria-label") or control.find_parent("label") is not None
        assert named or page.find("label", attrs={"for": control.get("id")}), control
    return page


def check_nothing_inline(page: BeautifulSoup) -> None:
    """Scripts and styles come from files, and no attribute holds code."""
    assert not page.find_all("style")
    assert not [script for script in page.find_all("script") if not script.has_attr("src")]
    coded = [
        (element.name, name)
        for element in page.find_all(True)
        for name in element.attrs
        if name.startswith("on") or name == "style"
    ]
    assert coded == []


def notice(page: BeautifulSoup) -> str:
    """Return what a page says of what was just done."""
    return words(page.select_one(".notices"))


def error_of(page: BeautifulSoup, name: str) -> str:
    """Return what stands beside a field as wrong, and see that it is tied to the field."""
    field, error = page.find(id=f"f-{name}"), page.find(id=f"f-{name}-error")
    assert field is not None
    assert error is not None
    assert field["aria-invalid"] == "true"
    assert error["id"] in str(field["aria-describedby"]).split()
    return words(error).removeprefix(words(error.select_one(".visually-hidden"))).strip()


def form_of(page: BeautifulSoup, **attributes: Any) -> dict[str, Any]:
    """Return what a browser would send of a form: every control's name and value, no button."""
    form = page.find("form", attrs=attributes)
    assert form is not None
    controls = [*form.find_all(["input", "select", "textarea"])]
    if form.get("id"):
        controls += page.find_all(["input", "select", "textarea"], attrs={"form": form["id"]})
    sent: dict[str, Any] = {}
    for control in controls:
        kind, name = control.get("type"), control.get("name")
        if not name or (kind in {"checkbox", "radio"} and not control.has_attr("checked")):
            continue
        if control.name == "select":
            chosen = control.find("option", selected=True) or control.find("option")
            value = chosen["value"] if chosen else ""
        elif control.name == "textarea":
            value = control.get_text().removeprefix("\n")
        else:
            value = control.get("value", "")
        known = sent.setdefault(name, [])
        known.append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in sent.items()}
