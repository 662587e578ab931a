"""P12, L-1: pages against a trivial one of the same framework, and the second start of the demo."""

from pathlib import Path

from flask import Flask

from service import bootstrap
from service.config import Settings
from service.web.app import create_app
from tests.bench.figures import compare, seconds
from tests.journeys.served import signed_in

REQUESTS = 40


def test_pages(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, secret_key="k" * 40)
    services = bootstrap.build(settings, jobs=False)
    cookie = signed_in(services)
    client = create_app(services).test_client()
    client.set_cookie(*cookie)
    trivial = Flask("trivial")
    trivial.add_url_rule("/", "index", lambda: "Hello")
    plain = trivial.test_client()
    peer = seconds(lambda: [plain.get("/") for _ in range(REQUESTS)])
    for path in ("/ja/", "/ja/prospects", "/ja/help/contact-a-prospect"):
        assert client.get(path).status_code == 200
        ours = seconds(lambda at=path: [client.get(at) for _ in range(REQUESTS)])  # type: ignore[misc]
        compare(f"pages, {path}", ours, "a trivial Flask page", peer, times=REQUESTS)
    services.db.dispose()
