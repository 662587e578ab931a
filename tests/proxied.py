"""The service as operators run it: the command's own processes, and nginx before them with the configuration
of the help page.
"""

import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from service.config import Settings
from tests.ports import free_port
from tests.tls import Authority

CONTENT = Path(__file__).resolve().parents[1] / "content"
HOST = "partners.example.com"
FILES = "files.example.net"
SECONDS = 120.0
"""How long anything may take on a busy machine before a test gives it up."""

_AROUND = """\
{user}
daemon off;
pid {folder}/pid;
error_log {folder}/error.log info;
events {{}}
http {{
    log_format told '$upstream_cache_status $status $request_method $request_uri';
    access_log {folder}/access.log told;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    # So that a test which reads until the connection ends need not wait for minutes.
    keepalive_timeout 1s;
    client_body_timeout 10s;
{advice}
}}
"""


def advice(code: str) -> str:
    """Return the configuration that the help page gives operators, in one of its languages: both blocks."""
    page = (CONTENT / code / "install-and-run.md").read_text(encoding="utf-8")
    blocks = [
        page.split(f"{{#{section}}}")[1].split("```\n")[1] for section in ("web-server", "download-host")
    ]
    return "".join(blocks)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back on one connection: every response in its order, as bytes."""

    raw: bytes

    @property
    def statuses(self) -> list[int]:
        """The codes of all responses that were sent."""
        return [int(code) for code in re.findall(rb"(?:^|\n|>|\})HTTP/1\.[01] (\d{3})", self.raw)]

    @property
    def head(self) -> str:
        """The first response's status and headers."""
        return self.raw.partition(b"\r\n\r\n")[0].decode("latin-1")

    @property
    def body(self) -> bytes:
        """What stands after the first response's headers."""
        return self.raw.partition(b"\r\n\r\n")[2]

    def header(self, name: str) -> str | None:
        """Return a header of the first response."""
        found = re.search(rf"^{re.escape(name)}: *(.*?)\r?$", self.head, re.IGNORECASE | re.MULTILINE)
        return found[1] if found else None


@dataclass(frozen=True, slots=True)
class Door:
    """A way in: straight to the service, or through nginx with TLS."""

    port: int
    tls: bool = False

    def open(self, host: str = HOST) -> socket.socket:
        """Connect, and say to TLS for which host."""
        connection = socket.create_connection(("127.0.0.1", self.port), SECONDS)
        if not self.tls:
            return connection
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(connection, server_hostname=host)

    def send(self, request: bytes, host: str = HOST) -> Answer:
        """Send bytes as they are, and return all that is answered until the other side closes."""
        with self.open(host) as connection:
            with suppress(OSError):  # refused before it was all sent; the reason is there to be read
                connection.sendall(request)
            return Answer(received(connection))

    def get(self, path: str, *headers: str, host: str = HOST) -> Answer:
        """Ask for a page with headers such as `Cookie: a=b`."""
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}", *headers, "Connection: close", "", ""]
        return self.send("\r\n".join(lines).encode(), FILES if host == FILES else HOST)


def request_of(line: str, *headers: str, body: bytes = b"") -> bytes:
    """Put a request together, its body that of a form or nothing."""
    form = "Content-Type: application/x-www-form-urlencoded"
    lines = [f"{line} HTTP/1.1", f"Host: {HOST}", form, *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def received(connection: socket.socket) -> bytes:
    """Return everything until the other side closes, in order or not."""
    pieces = []
    with suppress(ConnectionError):
        while piece := connection.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)


@dataclass(frozen=True, slots=True)
class Nginx:
    """A running nginx."""

    door: Door
    folder: Path

    def told(self, path: str) -> list[str]:
        """Return what the cache did for each request of a path, oldest first."""
        lines = (self.folder / "access.log").read_text().splitlines()
        return [line.split()[0] for line in lines if line.split()[3] == path]

    def wait_for(self, path: str, expected: list[str]) -> None:
        """Wait until the log, which is written after the answer, says that of a path."""
        end = time.monotonic() + SECONDS
        while self.told(path) != expected:
            assert time.monotonic() < end, self.told(path)
            time.sleep(0.02)


@contextmanager
def served(settings: Settings, log: Path) -> Iterator[Door]:
    """Run `prospectus serve --web-only` as a program of its own until the block ends."""
    port = free_port()
    environment = {
        **os.environ,
        "DATA": str(settings.data),
        "PORT": str(port),
        "SECRET_KEY": settings.secret_key,
        "BASE_URL": settings.base_url,
        "DOWNLOAD_URL": settings.download_url,
        "TRUSTED_PROXIES": str(settings.trusted_proxies),
        "LC_ALL": "C.UTF-8",
    }
    with log.open("wb") as output:
        running = subprocess.Popen(
            [sys.executable, "-m", "service", "serve", "--web-only"],
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        end = time.monotonic() + SECONDS
        while b"Ctrl-C" not in log.read_bytes():
            assert running.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        yield Door(port)
    finally:
        _end(running, signal.SIGTERM)


@contextmanager
def nginx(program: str, upstream: Door, folder: Path) -> Iterator[Nginx]:
    """Run nginx as the help page says, on ports, files and a certificate of a test."""
    folder.mkdir()
    port = free_port()
    Authority(folder).context(HOST)
    Authority(folder).context(FILES)
    certificates = {host: str(next(folder.glob(f"{host}.*.pem"))) for host in (HOST, FILES)}
    text = advice("en")
    for written, times, here in (
        ("listen 443 ssl", 2, f"listen 127.0.0.1:{port} ssl"),
        *((f"/etc/ssl/{host}.pem", 1, file) for host, file in certificates.items()),
        *((f"/etc/ssl/{host}.key", 1, file) for host, file in certificates.items()),
        ("http://127.0.0.1:8000", 2, f"http://127.0.0.1:{upstream.port}"),
        ("/var/cache/nginx/prospectus", 1, str(folder / "cache")),
    ):
        assert text.count(written) == times, written
        text = text.replace(written, here)
    # The processes of nginx are another user's otherwise, who may not read a test's files.
    user = "user root;" if os.getuid() == 0 else ""
    file = folder / "nginx.conf"
    file.write_text(_AROUND.format(user=user, folder=folder, advice=text))
    with (folder / "output").open("wb") as output:
        running = subprocess.Popen(
            [program, "-c", str(file), "-p", str(folder)], stdout=output, stderr=output
        )
    made = Nginx(Door(port, tls=True), folder)
    try:
        _wait_for_port(running, port, folder / "output")
        yield made
    finally:
        _end(running, signal.SIGTERM)


def _wait_for_port(running: "subprocess.Popen[bytes]", port: int, output: Path) -> None:
    end = time.monotonic() + SECONDS
    while True:
        assert running.poll() is None, output.read_text()
        assert time.monotonic() < end, output.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return


def _end(running: "subprocess.Popen[bytes]", how: signal.Signals) -> None:
    if running.poll() is None:
        running.send_signal(how)
        try:
            running.wait(60)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def settings_of(data: Path, migrated: Path) -> Settings:
    """Make an installation as behind one web server with TLS, its database migrated and empty."""
    data.mkdir()
    shutil.copy(migrated, data / "prospectus.db")
    plain = Settings(data=data, secret_key="tests" * 8, base_url=f"https://{HOST}")
    return replace(plain, trusted_proxies=1, download_url=f"https://{FILES}")
