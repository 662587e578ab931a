"""Checks that codes and recovery codes let their owner in, each once."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.domain import accounts, second_factor
from service.domain.errors import DomainError
from service.domain.signing import Signer
from service.domain.vault import Vault
from service.facts.permissions import BuiltInRole
from service.facts.refusals import Refusal
from service.models import RecoveryCode, User

SIGNER = Signer("a key of the tests that is long enough")
VAULT = Vault("a key of the vault that is long enough")


def make_user(session: Session, now: datetime, email: str) -> User:
    role = accounts.built_in_role(session, BuiltInRole.ANALYST)
    return accounts.add_user(
        session, email=email, name="Hanako", role=role, locale="ja", time_zone="Asia/Tokyo", now=now
    )


@pytest.fixture
def user(session: Session, now: datetime) -> User:
    return make_user(session, now, "hanako@example.test")


def turn_on(session: Session, user: User, now: datetime) -> tuple[pyotp.TOTP, list[str]]:
    offer = second_factor.propose(SIGNER, user, now=now)
    totp = pyotp.TOTP(second_factor.secret_offered(SIGNER, user, offer, now=now))
    return totp, second_factor.turn_on(session, SIGNER, user, offer, totp.at(now), vault=VAULT, now=now)


def accepts(session: Session, user: User, code: str, now: datetime) -> bool:
    try:
        second_factor.confirm(session, VAULT, user, code, now=now)
    except DomainError as error:
        if error.refusal is not Refusal.CODE_REFUSED:
            raise
        return False
    return True


def test_codes_are_those_of_rfc_6238(session: Session, user: User) -> None:
    """A-7: the values of RFC 6238 appendix B, last six digits, for its SHA-1 secret."""
    expected = {59: "287082", 1111111109: "081804", 1234567890: "005924", 2000000000: "279037"}
    for seconds, code in expected.items():
        user.totp_secret, user.totp_last_step = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", None
        session.flush()
        second_factor.reseal(session, VAULT, after=0, limit=10)
        assert accepts(session, user, code, datetime.fromtimestamp(seconds, UTC))


def test_it_is_turned_on_by_a_code_of_the_offered_secret(session: Session, user: User, now: datetime) -> None:
    """A-7: a second factor is available."""
    assert not second_factor.is_on(user)
    offer = second_factor.propose(SIGNER, user, now=now)
    with pytest.raises(DomainError) as error:
        second_factor.turn_on(
            session, SIGNER, user, offer, "000000", vault=VAULT, now=datetime(1999, 1, 1, tzinfo=UTC)
        )
    assert error.value.refusal is Refusal.LINK_SPENT
    with pytest.raises(DomainError) as error:
        second_factor.turn_on(session, SIGNER, user, offer, "nonsense", vault=VAULT, now=now)
    assert error.value.refusal is Refusal.CODE_REFUSED
    assert not second_factor.is_on(user)
    totp, codes = turn_on(session, user, now)
    assert VAULT.open(user.totp_secret or "", "second factor", user.id) == totp.secret
    assert len(set(codes)) == len(codes) == second_factor.RECOVERY_CODES


def test_an_offer_is_for_one_user_and_one_hour(session: Session, user: User, now: datetime) -> None:
    offer = second_factor.propose(SIGNER, user, now=now)
    other = make_user(session, now, "other@example.test")
    for owner, moment in ((other, now), (user, now + timedelta(hours=1))):
        with pytest.raises(DomainError) as error:
            second_factor.secret_offered(SIGNER, owner, offer, now=moment)
        assert error.value.refusal is Refusal.LINK_SPENT


def test_a_code_works_once_and_so_do_those_before_it(session: Session, user: User, now: datetime) -> None:
    totp, _ = turn_on(session, user, now)
    assert not accepts(session, user, totp.at(now), now)  # the one that turned it on
    later = now + timedelta(seconds=60)
    assert accepts(session, user, totp.at(later), later)
    assert not accepts(session, user, totp.at(later), later)
    assert not accepts(session, user, totp.at(later - timedelta(seconds=30)), later)
    assert accepts(session, user, totp.at(later + timedelta(seconds=30)), later)


@pytest.mark.parametrize(("seconds", "fits"), [(-61, False), (-30, True), (0, True), (30, True), (61, False)])
def test_clocks_may_differ_by_half_a_minute(
    session: Session, user: User, now: datetime, seconds: int, fits: bool
) -> None:
    totp, _ = turn_on(session, user, now - timedelta(days=1))
    assert accepts(session, user, totp.at(now + timedelta(seconds=seconds)), now) is fits


def test_codes_are_read_with_spaces_and_full_width_digits(
    session: Session, user: User, now: datetime
) -> None:
    totp, _ = turn_on(session, user, now - timedelta(days=1))
    code = totp.at(now)
    wide = code.translate({ord(str(digit)): 0xFF10 + digit for digit in range(10)})
    assert accepts(session, user, f" {wide[:3]}\u3000{wide[3:]} ", now)


@pytest.mark.parametrize(
    "code", ["", " ", "12345", "1234567", "-12345", "+12345", "1e4567", "²²²²²²", "x" * 9999]
)
def test_what_is_no_code_is_refused(session: Session, user: User, now: datetime, code: str) -> None:
    turn_on(session, user, now)
    assert not accepts(session, user, code, now)


def test_a_recovery_code_works_once_and_is_kept_as_a_hash(
    session: Session, user: User, now: datetime
) -> None:
    _, codes = turn_on(session, user, now)
    kept = session.scalars(select(RecoveryCode.code_hash)).all()
    assert not any(code.replace("-", "") in value for value in kept for code in codes)
    assert accepts(session, user, codes[0], now)
    assert not accepts(session, user, codes[0], now)
    assert accepts(session, user, codes[1].lower().replace("-", " "), now)
    assert second_factor.count_recovery_codes(session, user.id) == 8


def test_recovery_codes_are_for_their_owner(session: Session, user: User, now: datetime) -> None:
    _, codes = turn_on(session, user, now)
    other = make_user(session, now, "other@example.test")
    turn_on(session, other, now)
    assert not accepts(session, other, codes[0], now)


def test_new_recovery_codes_replace_the_old(session: Session, user: User, now: datetime) -> None:
    _, old = turn_on(session, user, now)
    new = second_factor.new_recovery_codes(session, user)
    assert not accepts(session, user, old[0], now)
    assert accepts(session, user, new[0], now)


def test_without_a_second_factor_no_code_is_accepted(session: Session, user: User, now: datetime) -> None:
    totp, codes = turn_on(session, user, now - timedelta(days=1))
    second_factor.turn_off(session, user)
    assert not second_factor.is_on(user)
    assert not accepts(session, user, totp.at(now), now)
    assert not accepts(session, user, codes[0], now)
    assert second_factor.count_recovery_codes(session, user.id) == 0


def test_the_address_for_the_app_names_product_and_user(user: User) -> None:
    assert second_factor.address(user, "ABCD" * 8) == (
        f"otpauth://totp/Prospectus:hanako%40example.test?secret={'ABCD' * 8}&issuer=Prospectus"
    )
