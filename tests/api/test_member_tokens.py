"""Member tokens: what is no good is refused with the right word, and changes nothing (domain.md 1)."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils import timezone

from loyalty.api.common import warm
from programs.actions.token_keys import NewTokenKey, revoke_token_key
from programs.models import Environment, TokenKey
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.world import changed, digest
from tests.conftest import Api
from tests.signing import compact, ec_key, hs256, public_pem, rsa_key, segment

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
SECOND = int(NOW.timestamp())


@dataclass(frozen=True)
class Tenant:
    """Ada has points, and there is something to spend them on; there is a key of each algorithm."""

    environment: Environment
    hs: NewTokenKey
    rs: NewTokenKey
    es: NewTokenKey

    @property
    def secret(self) -> str:
        return self.hs.secret or ""

    def header(self, **changes: Any) -> dict[str, Any]:
        whole = {"alg": "HS256", "typ": "JWT", "kid": self.hs.key.kid, **changes}
        return {name: value for name, value in whole.items() if value is not None}


@pytest.fixture
def tenant(environment: Environment) -> Tenant:
    factories.give(environment, 100, "ada")
    factories.make_reward(environment, "rwd_coffee")
    return Tenant(
        environment,
        factories.make_token_key(environment),
        factories.make_token_key(environment, algorithm="RS256", public_key=public_pem(rsa_key())),
        factories.make_token_key(environment, algorithm="ES256", public_key=public_pem(ec_key())),
    )


def claims(**changes: Any) -> dict[str, Any]:
    """Good for an hour, but for these changes; None leaves one out."""
    now = int(timezone.now().timestamp())
    whole = {"sub": "ada", "iat": now, "exp": now + 3600, **changes}
    return {name: value for name, value in whole.items() if value is not None}


def signed(tenant: Tenant, **changes: Any) -> str:
    return factories.make_token(tenant.hs, **changes)


def ask(token: str) -> Any:
    return Api(token).get("/v1/members/ada/balances")


def redeem(token: str, user: str = "ada") -> list[Any]:
    """Both ways of redeeming for that user."""
    return [
        Api(token).post("/v1/offer/redeem", {"userId": user, "offerId": "rwd_coffee"}),
        Api(token).post(f"/v1/user/{user}/offer/rwd_coffee/redeem"),
    ]


def with_header(**changes: Any) -> Callable[[Tenant], str]:
    """Rightly signed, under another header."""
    return lambda t: compact(t.header(**changes), claims(), hs256(t.secret))


def with_claims(**changes: Any) -> Callable[[Tenant], str]:
    return lambda t: compact(t.header(), claims(**changes), hs256(t.secret))


def with_raw(header: str | None = None, payload: str | None = None) -> Callable[[Tenant], str]:
    """Rightly signed, over these very bytes; KID stands for the key's id, CLAIMS for what is all right."""

    def made(tenant: Tenant) -> str:
        said = (header or json.dumps(tenant.header())).replace("KID", tenant.hs.key.kid)
        meant = (payload or "CLAIMS").replace(
            "CLAIMS", json.dumps(claims())[1:-1] if payload else json.dumps(claims())
        )
        return compact(said.encode("latin-1"), meant.encode("latin-1"), hs256(tenant.secret))

    return made


def another_environments_kid(tenant: Tenant) -> str:
    """Their kid, our signature."""
    theirs = factories.make_token_key(factories.make_environment())
    return compact(tenant.header(kid=theirs.key.kid), claims(), hs256(tenant.secret))


def tampered(tenant: Tenant) -> str:
    head, _, proof = signed(tenant, sub="eve").split(".")
    return f"{head}.{segment(claims(sub='ada'))}.{proof}"


def revoked(tenant: Tenant) -> str:
    token = signed(tenant)
    revoke_token_key(environment=tenant.environment, key=tenant.hs.key, actor=factories.make_actor())
    return token


def archived(tenant: Tenant) -> str:
    other = factories.make_environment()
    made = factories.make_token_key(other)
    other.archived_at = timezone.now()
    other.save()
    return factories.make_token(made)


def rs_public_as_secret(tenant: Tenant, **changes: str) -> str:
    return compact(tenant.header(kid=tenant.rs.key.kid, **changes), claims(), hs256(tenant.rs.key.public_key))


def es_public_as_secret(tenant: Tenant) -> str:
    return compact(tenant.header(kid=tenant.es.key.kid), claims(), hs256(tenant.es.key.public_key))


def by(key: Any, algorithm: str, named: Callable[[Tenant], NewTokenKey]) -> Callable[[Tenant], str]:
    return lambda t: jwt.encode(claims(), key(), algorithm=algorithm, headers={"kid": named(t).key.kid})


UNKNOWN, SIGNATURE, ALGORITHM = "`kid` names no key", "signature is wrong", "`alg` is not the algorithm"
MALFORMED, JSON_FAULT, NUMBER = "not a JSON Web Token", "not valid JSON", "must be a number of seconds"
MEMBER = "`sub` must be a member's id"

# By what is wrong with it: the token, and what its refusal says.
ATTACKS: dict[str, tuple[Callable[[Tenant], str], str]] = {
    "alg none, unsigned": (
        lambda t: f"{segment(t.header(alg='none'))}.{segment(claims())}.",
        "not signed",
    ),
    "alg none with a right signature": (with_header(alg="none"), ALGORITHM),
    "alg None in capitals": (with_header(alg="NONE"), ALGORITHM),
    "no alg": (with_header(alg=None), ALGORITHM),
    "alg that is a list": (with_header(alg=["HS256"]), ALGORITHM),
    "alg of the same secret, longer hash": (
        lambda t: jwt.encode(claims(), t.secret * 2, algorithm="HS512", headers={"kid": t.hs.key.kid}),
        ALGORITHM,
    ),
    "HS256 signed with the RS public key": (rs_public_as_secret, ALGORITHM),
    "the same, said to be RS256": (lambda t: rs_public_as_secret(t, alg="RS256"), SIGNATURE),
    "HS256 signed with the ES public key": (es_public_as_secret, ALGORITHM),
    "RS256 under the HS256 key": (by(rsa_key, "RS256", lambda t: t.hs), ALGORITHM),
    "PS256 under the RS256 key": (by(rsa_key, "PS256", lambda t: t.rs), ALGORITHM),
    "another RSA key": (by(lambda: rsa_key(3072), "RS256", lambda t: t.rs), SIGNATURE),
    "another P-256 key": (
        by(lambda: ec.generate_private_key(ec.SECP256R1()), "ES256", lambda t: t.es),
        SIGNATURE,
    ),
    "a signature of nothing but zeros": (
        lambda t: compact(t.header(alg="ES256", kid=t.es.key.kid), claims(), lambda _: bytes(64)),
        SIGNATURE,
    ),
    "another secret": (lambda t: compact(t.header(), claims(), hs256("guessed" * 8)), SIGNATURE),
    "no secret": (lambda t: compact(t.header(), claims(), hs256("")), SIGNATURE),
    "the secret as it is stored": (
        lambda t: compact(t.header(), claims(), hs256(t.hs.key.secret)),
        SIGNATURE,
    ),
    "tampered": (tampered, SIGNATURE),
    "cut short": (lambda t: signed(t)[:-4], SIGNATURE),
    "another environment's kid": (another_environments_kid, SIGNATURE),
    "an archived environment's": (archived, UNKNOWN),
    "revoked": (revoked, UNKNOWN),
    "no kid": (with_header(kid=None), "lacks `kid`"),
    "an unknown kid": (with_header(kid="mtk_" + "0" * 32), UNKNOWN),
    "a path as kid": (with_header(kid="../../../../dev/null"), UNKNOWN),
    "SQL as kid": (with_header(kid="' UNION SELECT 'x' --"), UNKNOWN),
    "NUL in kid": (with_header(kid="mtk_\x00"), UNKNOWN),
    "an empty kid": (with_header(kid=""), UNKNOWN),
    "a kid too long": (with_header(kid="k" * 65), UNKNOWN),
    "a number as kid": (with_header(kid=7), UNKNOWN),
    "a list as kid": (with_header(kid=["mtk_1"]), UNKNOWN),
    "a key of its own in the header": (
        lambda t: compact(
            t.header(kid="x", jwk={"kty": "oct", "k": segment(b"k" * 32)}), claims(), hs256("k" * 32)
        ),
        UNKNOWN,
    ),
    "a name twice in the header": (
        with_raw(header='{"alg": "none", "alg": "HS256", "kid": "KID"}'),
        JSON_FAULT,
    ),
    "a name twice in the payload": (with_raw(payload='{"sub": "eve", CLAIMS}'), JSON_FAULT),
    "extensions": (with_header(crit=["exp"]), "(`crit`)"),
    "an unencoded payload": (with_header(b64=False), "(`crit`)"),
    "a header that is a list": (with_raw(header='["KID"]'), "header is not a JSON object"),
    "a header that is no JSON": (with_raw(header="{KID"), JSON_FAULT),
    "a header that is not UTF-8": (with_raw(header='{"kid": "\xff"}'), JSON_FAULT),
    "a header nested deeply": (with_raw(header="[" * 2500), JSON_FAULT),
    "a payload that is a text": (with_raw(payload='"ada"'), "payload is not a JSON object"),
    "a payload that is no JSON": (with_raw(payload="ada"), JSON_FAULT),
    "a payload nested deeply": (with_raw(payload='{"a":' * 500), JSON_FAULT),
    "huge": (with_claims(more="x" * 4096), "longer than 4096"),
    "two dots": (lambda t: "..", MALFORMED),
    "no header": (lambda t: signed(t)[signed(t).index(".") :], MALFORMED),
    "no payload": (lambda t: f"{segment(t.header())}..{segment(b'x')}", MALFORMED),
    "base64 of the other alphabet": (lambda t: signed(t).replace(".", "/.", 1), MALFORMED),
    "padded": (lambda t: f"{signed(t)}=", MALFORMED),
    "a header of one letter": (lambda t: f"e.{segment(claims())}.{segment(b'x')}", "not base64url"),
    "something behind the signature": (lambda t: f"{signed(t)},{segment(b'x')}", MALFORMED),
    "no sub": (with_claims(sub=None), MEMBER),
    "an empty sub": (with_claims(sub=""), MEMBER),
    "a sub too long": (with_claims(sub="a" * 201), MEMBER),
    "a sub with a space at its end": (with_claims(sub="ada "), MEMBER),
    "a sub with NUL": (with_claims(sub="a\x00da"), MEMBER),
    "a sub with half a surrogate pair": (with_claims(sub="a\ud800"), MEMBER),
    "a number as sub": (with_claims(sub=7), MEMBER),
    "a list as sub": (with_claims(sub=["ada"]), MEMBER),
    "meant for somebody else": (with_claims(aud="another-service"), "(`aud`)"),
    "no exp": (with_claims(exp=None), NUMBER),
    "exp as text": (with_claims(exp="9999999999"), NUMBER),
    "exp true": (with_claims(exp=True), NUMBER),
    "exp without end": (with_raw(payload='{"sub": "ada", "exp": 1e400}'), NUMBER),
    "exp not a number": (with_raw(payload='{"sub": "ada", "exp": NaN}'), NUMBER),
    "exp null": (with_raw(payload='{"sub": "ada", "exp": null}'), NUMBER),
    "nbf as text": (with_claims(nbf="0"), NUMBER),
    "iat as a list": (with_claims(iat=[1]), NUMBER),
    "iat null": (with_raw(payload='{"sub": "ada", "exp": 9999999999, "iat": null}'), NUMBER),
    "expired": (with_claims(exp=1_700_000_000), "has expired"),
    "expired before everything": (with_claims(exp=-(10**300)), "has expired"),
    "not valid yet": (with_claims(nbf=9_999_999_999), "not valid yet"),
    "exp in milliseconds": (
        lambda t: signed(t, exp=(int(timezone.now().timestamp()) + 3600) * 1000),
        "`exp` is in seconds since 1970, not milliseconds.",
    ),
    "exp more than ten years ahead": (
        lambda t: signed(t, exp=int(timezone.now().timestamp()) + 3661 * 86400),
        "more than 10 years",
    ),
    "exp beyond every year": (with_claims(exp=10**300), "more than 10 years"),
    "issued in the future": (with_claims(iat=9_999_999_999), "issued in the future"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_faulty_token_is_refused_by_name_and_changes_nothing(tenant: Tenant, attack: str) -> None:
    make, says = ATTACKS[attack]
    token = make(tenant)
    before = digest()
    kept = [tenant.secret, tenant.hs.key.secret, tenant.hs.key.kid, token]
    for answer in [ask(token), *redeem(token)]:
        problem = assert_problem(answer, "authentication_failed")
        assert says in problem["detail"]
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="loyalty"'
        assert [text for text in kept if text in answer.content.decode()] == []
    assert changed(before, digest()) == {}
    assert not TokenKey.objects.filter(last_used_at__isnull=False).exists(), "nobody used a key"


@pytest.mark.parametrize(
    "form",
    ["{t} {t}", "Bearer {t},Bearer {t}", "Bearer {t},{t}", "Bearer {t}, Basic eA==", "Basic {t}", "{t}"],
)
def test_a_header_sent_twice_or_of_another_form_is_refused(tenant: Tenant, form: str) -> None:
    before = digest()
    header = form.format(t=signed(tenant))
    answer = Api("").client.get("/v1/members/ada/balances", headers={"Authorization": header})
    assert_problem(answer, "authentication_failed")
    assert changed(before, digest()) == {}


def test_a_good_token_of_each_algorithm_is_taken(tenant: Tenant) -> None:
    """The counterpart, without which the refusals above would prove little."""
    pairs: list[tuple[NewTokenKey, Any]] = [
        (tenant.hs, tenant.secret),
        (tenant.rs, rsa_key()),
        (tenant.es, ec_key()),
    ]
    for made, key in pairs:
        headers = {"kid": made.key.kid}
        token = jwt.encode(claims(), key, algorithm=made.key.algorithm, headers=headers)
        answer = ask(token)
        assert answer.status_code == 200, made.key.algorithm
        assert answer.json()["data"][0]["balance"] == 100
    token = compact(
        tenant.header(typ=None, more="x"), claims(iat=None, jti="1", iss="us"), hs256(tenant.secret)
    )
    assert ask(token).status_code == 200, "only sub and exp are needed; what we do not know is ignored"
    fractions = with_claims(exp=int(timezone.now().timestamp()) + 3650 * 86400 + 0.5, nbf=0.5)(tenant)
    assert ask(fractions).status_code == 200


def test_a_member_redeems_for_themself_and_for_nobody_else(tenant: Tenant) -> None:
    before = digest()
    for answer in redeem(signed(tenant, sub="eve")):
        assert_problem(answer, "permission_denied")
    assert changed(before, digest()) == {}
    assert [answer.status_code for answer in redeem(signed(tenant))] == [201, 409], "there was enough for one"


@pytest.mark.parametrize(
    ("claim", "offset", "good"),
    [
        ("exp", -30, False),
        ("exp", -29, True),
        ("nbf", 30, True),
        ("nbf", 31, False),
        ("iat", 30, True),
        ("iat", 31, False),
    ],
)
def test_clocks_may_differ_by_thirty_seconds(tenant: Tenant, claim: str, offset: int, good: bool) -> None:
    with time_machine.travel(NOW, tick=False):
        token = with_claims(**{claim: SECOND + offset})(tenant)
        assert ask(token).status_code == (200 if good else 401)


def test_a_token_ends_although_its_key_is_warm(tenant: Tenant) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        token = with_claims(exp=SECOND + 60)(tenant)
        assert ask(token).status_code == 200
        clock.shift(timedelta(seconds=89.9))
        assert ask(token).status_code == 200
        clock.shift(timedelta(seconds=0.1))
        assert ask(token).status_code == 401


def test_times_are_real_in_a_sandbox_whose_clock_is_set(db: None) -> None:
    environment = factories.make_environment()
    api = Api(factories.make_key(environment))
    assert api.post("/v1/sandbox/clock", {"now": "2040-01-31T12:00:00Z"}).status_code == 200
    factories.give(environment, 100, "ada", now=datetime(2040, 1, 31, 12, tzinfo=UTC))
    made = factories.make_token_key(environment)
    assert ask(factories.make_token(made)).status_code == 200
    late = int(datetime(2040, 1, 31, 13, tzinfo=UTC).timestamp())
    assert ask(factories.make_token(made, nbf=late, exp=late)).status_code == 401


def test_a_token_reads_its_own_environment_where_another_has_the_same_member(tenant: Tenant) -> None:
    other = factories.make_environment()
    factories.give(other, 7, "ada")
    answer = ask(factories.make_token(factories.make_token_key(other)))
    assert answer.json()["data"][0]["balance"] == 7


def test_a_revocation_counts_after_five_seconds_although_the_key_is_warm(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(warm, "monotonic", lambda: clock[0])
    token = signed(tenant)
    assert ask(token).status_code == 200
    revoke_token_key(environment=tenant.environment, key=tenant.hs.key, actor=factories.make_actor())
    clock[0] += 4.9
    assert ask(token).status_code == 200, "warm: this process has not looked yet"
    clock[0] += 0.1
    assert ask(token).status_code == 401
    clock[0] -= 3600
    assert ask(token).status_code == 401, "a revoked key leaves the cache"


def test_a_keys_last_use_is_kept_to_the_minute(tenant: Tenant) -> None:
    row = TokenKey.objects.filter(pk=tenant.hs.key.pk)
    with time_machine.travel(NOW, tick=False) as clock:
        ask(signed(tenant))
        assert row.get().last_used_at == NOW
        clock.shift(timedelta(seconds=59))
        ask(signed(tenant))
        assert row.get().last_used_at == NOW
        clock.shift(timedelta(seconds=2))
        ask(signed(tenant))
        assert row.get().last_used_at == NOW + timedelta(seconds=61)
