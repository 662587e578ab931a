"""A folder of Markdown shown to the one who writes it."""

from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from service.i18n.catalogs import Catalogs
from service.paths import data_dir
from service.web.folder_preview import create_app

HERE = {"Host": "127.0.0.1:8090"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "pages"
    (root / "guide").mkdir(parents=True)
    (root / "README.md").write_text("# Welcome\n\nSee [the guide](guide/).\n", encoding="utf-8")
    (root / "guide" / "README.md").write_text("# Guide\n\n[Step](first-step.md)\n", encoding="utf-8")
    (root / "guide" / "first-step.md").write_text(
        "# Step\n\nFine.\n\n[x](no.md) and [y](no.md)\n", encoding="utf-8"
    )
    (root / "dot.png").write_bytes(b"\x89PNG")
    (root / "secret.txt").write_text("secret", encoding="utf-8")
    (tmp_path / "outside.md").write_text("# Outside", encoding="utf-8")
    (root / "link.md").symlink_to(tmp_path / "outside.md")
    return root


@pytest.fixture
def client(folder: Path) -> FlaskClient:
    catalog = Catalogs(data_dir("locales"), codes=("fr",)).catalog("fr")
    return create_app(folder, catalog).test_client()


def page(client: FlaskClient, path: str) -> BeautifulSoup:
    answer = client.get(path, headers=HERE)
    assert answer.status_code == 200, path
    return BeautifulSoup(answer.get_data(as_text=True), "html.parser")


def test_all_pages_are_listed_and_lead_to_each_other(client: FlaskClient) -> None:
    listed = [link["href"] for link in page(client, "/").select(".help-pages a")]
    assert listed == ["/README.md", "/guide/README.md", "/guide/first-step.md"]
    link = page(client, "/guide/").select_one("article a")
    assert link is not None
    assert page(client, f"/guide/{link['href']}").h1.get_text() == "Step"  # type: ignore[union-attr]
    assert client.get("/guide", headers=HERE).location == "/guide/"


def test_what_is_found_stands_beside_its_block_in_the_readers_language(client: FlaskClient) -> None:
    shown = page(client, "/guide/first-step")
    beside = shown.select("article > .help-margin")
    assert [aside.find_next_sibling().get_text() for aside in beside] == ["x and y"]
    assert [aside.get_text().split()[:2] for aside in beside] == [["Ligne", "5"]]
    assert [times.get_text() for times in shown.select(".help-margin b")] == ["×2"]
    assert "Aucun" in page(client, "/README.md").select_one(".help-clean").get_text()  # type: ignore[union-attr]


def test_a_page_follows_its_file_and_keeps_the_last_good_version(client: FlaskClient, folder: Path) -> None:
    """F-16."""
    file = folder / "guide" / "first-step.md"
    version = page(client, "/guide/first-step").find(id="help-page")["data-version"]  # type: ignore[index]
    address = f"/guide/first-step?since={version}"
    file.write_bytes(b"# Step\n\nNew words.\n\n\xff")
    fresh = _changed(client, address, str(version))
    assert "Fine." in fresh.get_text()
    assert "article" in {tag.name for tag in fresh.find_all()}
    assert fresh.select(".help-preview > .help-findings .help-finding-error")


def _changed(client: FlaskClient, address: str, version: str) -> BeautifulSoup:
    """Ask until what was written is seen: an answer stands for some milliseconds."""
    for _ in range(10_000):
        text = client.get(address, headers=HERE).get_data(as_text=True)
        if text != version:
            return BeautifulSoup(text, "html.parser")
    raise AssertionError("not seen")


@pytest.mark.parametrize(
    "path", ["/link.md", "/secret.txt", "/../outside.md", "/..%2foutside.md", "/%00.md", "/no-such", "/link"]
)
def test_nothing_outside_and_nothing_else_is_served(client: FlaskClient, path: str) -> None:
    """X-8."""
    assert client.get(path, headers=HERE).status_code == 404


def test_only_this_machine_is_answered(client: FlaskClient) -> None:
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 403
    assert client.get("/", headers={"Host": "127.0.0.1.evil.example"}).status_code == 403
    assert client.get("/", headers={"Host": "[::1]:8090"}).status_code == 200
    picture = client.get("/dot.png", headers=HERE)
    assert (picture.status_code, "sandbox" in picture.headers["Content-Security-Policy"]) == (200, True)
