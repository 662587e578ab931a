"""M-4, L-5: signatures per core against dkimpy, over the same mails with the same keys.

dkimpy canonicalises the same way and signs the same headers. The last line compares ours with the bare
signature of the library below, which is what no signer can be faster than.
"""

from datetime import UTC, datetime

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from service import dkim_key
from service.dkim_key import DkimKey
from service.i18n.catalogs import Catalogs
from service.mail import shipped
from service.mail.compiled import compile_variant
from service.mail.dkim import SIGNED, DkimSigner
from service.mail.layout import Frame
from service.paths import data_dir
from tests.bench.bench_mail import mails, ours
from tests.bench.figures import compare, seconds

MAILS = 100
MOMENT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
HEADERS = [name.lower().encode() for name in ("From", *SIGNED)]


@pytest.fixture(scope="module", params=["ja", "en"])
def written(request: pytest.FixtureRequest) -> list[bytes]:
    locale = str(request.param)
    catalog = Catalogs(data_dir("locales")).catalog(locale)
    draft = shipped.draft("invitation", catalog)
    frame = Frame(program_name="Maison Aurore", sender_name="Alex")
    variant = compile_variant(draft.subject, draft.content, locale=locale, catalog=catalog, frame=frame)
    return [ours(variant, mail) for mail in mails(locale)[:MAILS]]


def pem_of(key: DkimKey) -> bytes:
    assert isinstance(key.private, RSAPrivateKey)
    return key.private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def test_signing_with_rsa_2048(written: list[bytes]) -> None:
    key = dkim_key.read(dkim_key.make())
    signer = DkimSigner(key, domain="brand.example", selector="s1")
    pem = pem_of(key)

    def peer(raw: bytes) -> bytes:
        made = dkim.sign(
            raw, b"s1", b"brand.example", pem,
            canonicalize=(b"relaxed", b"relaxed"), include_headers=HEADERS,
        )  # fmt: skip
        return made + raw

    for sign in (peer, lambda raw: signer.sign(raw, moment=MOMENT)):
        assert dkim.verify(sign(written[0]), dnsfunc=lambda _name, timeout: key.record.encode())
    mine = seconds(lambda: [signer.sign(raw, moment=MOMENT) for raw in written])
    theirs = seconds(lambda: [peer(raw) for raw in written[:20]], rounds=3) * len(written) / 20
    compare(f"RSA-2048 signatures, {len(written[0]):,} bytes", mine, "dkimpy", theirs, times=len(written))
    padding, algorithm, private = PKCS1v15(), SHA256(), key.private
    assert isinstance(private, RSAPrivateKey)
    bare = seconds(lambda: [private.sign(b"x" * 700, padding, algorithm) for _ in written])
    compare("the same, against the bare signature", mine, "cryptography alone", bare, times=len(written))


def test_signing_with_ed25519(written: list[bytes]) -> None:
    signer = DkimSigner(dkim_key.read(dkim_key.make(ed25519_key=True)), domain="brand.example", selector="s1")
    rsa = DkimSigner(dkim_key.read(dkim_key.make()), domain="brand.example", selector="s1")
    mine = seconds(lambda: [signer.sign(raw, moment=MOMENT) for raw in written])
    other = seconds(lambda: [rsa.sign(raw, moment=MOMENT) for raw in written])
    compare("Ed25519 signatures", mine, "ours with RSA-2048", other, times=len(written))
