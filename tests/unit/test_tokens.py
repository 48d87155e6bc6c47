"""Tokens of people and of bridges: what is refused and by which word, and how seldom the issuer is asked."""

import hashlib
import hmac
import json
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from chalicelib.adapters.tokens import Ed25519Verifier, IssuerKeys, OidcVerifier
from chalicelib.domain.errors import Busy, Unauthenticated
from infra.local import standins

ISSUER, AUDIENCE = "https://issuer.test", "green-shield"
NOW_S = 1_772_416_800
KEYS: dict[str, Any] = {
    "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
JWK_OF: dict[str, Callable[[Any], str]] = {
    "RS256": jwt.algorithms.RSAAlgorithm.to_jwk,
    "ES256": jwt.algorithms.ECAlgorithm.to_jwk,
    "EdDSA": jwt.algorithms.OKPAlgorithm.to_jwk,
}


@dataclass
class StoppedClock:
    now_s: float = NOW_S

    def now_ms(self) -> int:
        return int(self.now_s * 1000)


def jwk(algorithm: str, kid: str = "") -> dict[str, Any]:
    return {**json.loads(JWK_OF[algorithm](KEYS[algorithm].public_key())), "kid": kid or algorithm, "use": "sig"}


def pem(key: Any) -> str:
    return key.public_bytes(  # type: ignore[no-any-return]
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def reason_of(call: Callable[[], object]) -> object:
    with pytest.raises(Unauthenticated) as caught:
        call()
    return caught.value.params["reason"]


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def forged(header: object, claims: object, signature: bytes = b"") -> str:
    return ".".join((b64(json.dumps(header).encode()), b64(json.dumps(claims).encode()), b64(signature)))


@pytest.fixture(scope="module")
def jwks_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    state_dir = tmp_path_factory.mktemp("issuer")
    encryption_key = {**jwk("RS256", "for-encryption"), "use": "enc"}
    secret = {"kty": "oct", "kid": "secret", "k": b64(b"s" * 32), "alg": "HS256"}
    keys = [*(jwk(name) for name in KEYS), encryption_key, secret]
    (state_dir / "jwks.json").write_text(json.dumps({"keys": keys}))
    with standins.running(state_dir) as url:
        yield f"{url}/jwks.json"


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture(scope="module")
def people_clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture(scope="module")
def people(jwks_url: str, people_clock: StoppedClock) -> OidcVerifier:
    return OidcVerifier(ISSUER, AUDIENCE, jwks_url, clock=people_clock)


def claims(**changes: Any) -> dict[str, Any]:
    standard = {"iss": ISSUER, "aud": AUDIENCE, "sub": "p-1", "iat": NOW_S - 10, "exp": NOW_S + 600}
    return {name: value for name, value in {**standard, **changes}.items() if value is not None}


def person_token(algorithm: str = "EdDSA", kid: str = "", **changes: Any) -> str:
    return jwt.encode(claims(**changes), KEYS[algorithm], algorithm, {"kid": kid or algorithm})


def without(claim: str) -> str:
    changes: dict[str, Any] = {claim: None}
    return person_token(**changes)


def hs256_over_the_public_key() -> str:
    head = f"{b64(json.dumps({'alg': 'HS256', 'kid': 'RS256'}).encode())}.{b64(json.dumps(claims()).encode())}"
    return f"{head}.{b64(hmac.digest(pem(KEYS['RS256'].public_key()).encode(), head.encode(), 'sha256'))}"


class TestAPersonsToken:
    @pytest.mark.parametrize(
        ("token", "reason"),
        [
            pytest.param("", "malformed", id="nothing"),
            pytest.param("a.b", "malformed", id="two parts"),
            pytest.param("令牌.令牌.令牌", "malformed", id="not base64"),
            pytest.param("\ud800.a.b", "malformed", id="not even text"),
            pytest.param(forged(["EdDSA"], {}), "malformed", id="a header that is a list"),
            pytest.param(person_token() + "A" * 9000, "malformed", id="too long to look at"),
            pytest.param(forged({"alg": "none", "kid": "EdDSA"}, claims()), "bad_algorithm", id="alg none"),
            pytest.param(forged({"kid": "EdDSA"}, claims()), "bad_algorithm", id="no alg"),
            pytest.param(hs256_over_the_public_key(), "bad_algorithm", id="the public key as an HMAC secret"),
            pytest.param(
                jwt.encode(claims(), b"s" * 32, "HS256", {"kid": "secret"}), "bad_algorithm", id="a shared secret"
            ),
            pytest.param(jwt.encode(claims(), KEYS["RS256"], "PS256", {"kid": "RS256"}), "bad_algorithm", id="PS256"),
            pytest.param(person_token("EdDSA", kid="RS256"), "bad_algorithm", id="another key's algorithm"),
            pytest.param(person_token(kid="nobody"), "unknown_key", id="a key the issuer does not have"),
            pytest.param(person_token("RS256", kid="for-encryption"), "unknown_key", id="a key not for signing"),
            pytest.param(jwt.encode(claims(), KEYS["EdDSA"], "EdDSA"), "unknown_key", id="no key id"),
            pytest.param(forged({"alg": "EdDSA", "kid": 5}, claims()), "malformed", id="a key id that is a number"),
            pytest.param(person_token()[:-6] + "AAAAAA", "bad_signature", id="a signature that is not its own"),
            pytest.param(forged({"alg": "EdDSA", "kid": "EdDSA"}, claims()), "bad_signature", id="no signature"),
            pytest.param(person_token(iss="https://other.test"), "wrong_issuer", id="another issuer"),
            pytest.param(person_token(aud="other"), "wrong_audience", id="another audience"),
            pytest.param(person_token(aud=["a", "b"]), "wrong_audience", id="several, none of them we"),
            pytest.param(person_token(exp=NOW_S - 31), "expired", id="expired"),
            pytest.param(person_token(iat=NOW_S + 31), "not_yet_valid", id="issued in the future"),
            pytest.param(person_token(nbf=NOW_S + 31), "not_yet_valid", id="not before a future time"),
            *(pytest.param(without(name), "missing_claim", id=f"no {name}") for name in claims()),
            pytest.param(person_token(sub=""), "missing_claim", id="nobody"),
            pytest.param(person_token(sub=7), "malformed", id="a subject that is a number"),
            pytest.param(person_token(exp="soon"), "malformed", id="an expiry that is a word"),
            pytest.param(person_token(exp=True), "malformed", id="an expiry that is true"),
            pytest.param(person_token(exp=float("inf")), "malformed", id="an expiry that never comes"),
            pytest.param(person_token(iat=float("nan")), "malformed", id="issued at not a number"),
        ],
    )
    def test_is_refused_with_one_stable_word(self, people: OidcVerifier, token: str, reason: str) -> None:
        assert reason_of(lambda: people.person_id(token)) == reason

    def test_the_word_is_all_that_is_told(self, people: OidcVerifier) -> None:
        with pytest.raises(Unauthenticated) as caught:
            people.person_id(person_token(sub="somebody", aud="other"))
        assert caught.value.params == {"reason": "wrong_audience"}

    @pytest.mark.parametrize("algorithm", KEYS)
    def test_names_its_person(self, people: OidcVerifier, algorithm: str) -> None:
        assert people.person_id(person_token(algorithm)) == "p-1"

    @pytest.mark.parametrize(
        "changes",
        [
            pytest.param({"exp": NOW_S - 29}, id="just expired"),
            pytest.param({"iat": NOW_S + 30}, id="issued by a clock that is ahead"),
            pytest.param({"aud": ["other", AUDIENCE]}, id="several audiences, one of them we"),
            pytest.param({"iat": NOW_S - 9.5}, id="fractions of a second"),
        ],
    )
    def test_is_taken_within_the_leeway(self, people: OidcVerifier, changes: dict[str, Any]) -> None:
        assert people.person_id(person_token(**changes)) == "p-1"

    def test_is_checked_against_the_wall_clock_where_no_other_is_given(self, jwks_url: str) -> None:
        verifier = OidcVerifier(ISSUER, AUDIENCE, jwks_url)
        now_s = int(time.time())
        assert verifier.person_id(person_token(iat=now_s, exp=now_s + 60)) == "p-1"
        assert reason_of(lambda: verifier.person_id(person_token())) == "expired"

    def test_cannot_be_judged_while_the_issuer_is_unreachable(self, clock: StoppedClock) -> None:
        verifier = OidcVerifier(ISSUER, AUDIENCE, "http://127.0.0.1:1/jwks.json", timeout_s=0.5, clock=clock)
        with pytest.raises(Busy):
            verifier.person_id(person_token())

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param("[]", id="a list"),
            pytest.param('{"keys": []}', id="no keys"),
            pytest.param('{"keys": 5}', id="keys that are a number"),
            pytest.param('{"keys": [{"kty": "?"}]}', id="no usable key"),
        ],
    )
    def test_cannot_be_judged_while_the_issuer_answers_nonsense(
        self, tmp_path: Path, clock: StoppedClock, body: str
    ) -> None:
        (tmp_path / "jwks.json").write_text(body)
        with standins.running(tmp_path) as url, pytest.raises(Busy):
            OidcVerifier(ISSUER, AUDIENCE, f"{url}/jwks.json", clock=clock).person_id(person_token())

    def test_a_missing_key_set_is_an_issuer_that_cannot_be_reached(self, tmp_path: Path, clock: StoppedClock) -> None:
        with standins.running(tmp_path) as url, pytest.raises(Busy):
            OidcVerifier(ISSUER, AUDIENCE, f"{url}/jwks.json", clock=clock).person_id(person_token())


class Issuer:
    """Counts how often its keys are fetched, and can be down."""

    def __init__(self) -> None:
        self.kids = ["a"]
        self.fetches = 0
        self.trouble: Exception | None = None

    def fetch(self) -> list[jwt.PyJWK]:
        self.fetches += 1
        if self.trouble is not None:
            raise self.trouble
        return [jwt.PyJWK(jwk("EdDSA", kid)) for kid in self.kids]


class TestTheIssuersKeys:
    @pytest.fixture
    def issuer(self) -> Issuer:
        return Issuer()

    @pytest.fixture
    def keys(self, issuer: Issuer, clock: StoppedClock) -> IssuerKeys:
        return IssuerKeys(issuer.fetch, clock)

    def test_are_fetched_once_for_many_unknown_ids(self, keys: IssuerKeys, issuer: Issuer) -> None:
        assert {reason_of(lambda n=n: keys.get(f"made-up-{n}")) for n in range(50)} == {"unknown_key"}  # type: ignore[misc]
        assert issuer.fetches == 1

    def test_are_fetched_at_most_once_in_half_a_minute_however_often_unknown_ids_come(
        self, keys: IssuerKeys, issuer: Issuer, clock: StoppedClock
    ) -> None:
        for _ in range(300):
            reason_of(lambda: keys.get("made-up"))
            clock.now_s += 1
        assert issuer.fetches == 10

    def test_are_not_asked_for_by_a_token_without_a_key_id(self, keys: IssuerKeys, issuer: Issuer) -> None:
        assert [reason_of(lambda v=v: keys.get(v)) for v in (None, "", 5, ["a"])] == ["unknown_key"] * 4  # type: ignore[misc]
        assert issuer.fetches == 0

    def test_are_kept_for_five_minutes_and_then_fetched_again(
        self, keys: IssuerKeys, issuer: Issuer, clock: StoppedClock
    ) -> None:
        keys.get("a")
        clock.now_s += 299
        keys.get("a")
        assert issuer.fetches == 1
        clock.now_s += 1
        keys.get("a")
        assert issuer.fetches == 2

    def test_that_are_new_are_found_after_the_pause(
        self, keys: IssuerKeys, issuer: Issuer, clock: StoppedClock
    ) -> None:
        keys.get("a")
        issuer.kids = ["a", "b"]
        assert reason_of(lambda: keys.get("b")) == "unknown_key"
        clock.now_s += 30
        assert keys.get("b").key_id == "b"

    def test_that_were_withdrawn_are_refused_after_the_next_fetch(
        self, keys: IssuerKeys, issuer: Issuer, clock: StoppedClock
    ) -> None:
        keys.get("a")
        issuer.kids = ["b"]
        clock.now_s += 300
        assert reason_of(lambda: keys.get("a")) == "unknown_key"

    @pytest.mark.parametrize(
        "trouble",
        [
            pytest.param(jwt.PyJWKClientConnectionError("down"), id="unreachable"),
            pytest.param(ConnectionResetError("half-way"), id="a connection lost half-way"),
            pytest.param(ValueError("not JSON"), id="a body that is not JSON"),
        ],
    )
    def test_outlive_an_issuer_that_is_down_for_a_day(
        self, keys: IssuerKeys, issuer: Issuer, clock: StoppedClock, trouble: Exception
    ) -> None:
        keys.get("a")
        issuer.trouble = trouble
        clock.now_s += 86_399
        assert keys.get("a").key_id == "a"
        with pytest.raises(Busy):
            keys.get("b")
        clock.now_s += 1
        with pytest.raises(Busy):
            keys.get("a")

    def test_are_asked_for_only_every_five_seconds_while_the_issuer_is_down(
        self, keys: IssuerKeys, issuer: Issuer, clock: StoppedClock
    ) -> None:
        issuer.trouble = jwt.PyJWKClientConnectionError("down")
        for _ in range(20):
            with pytest.raises(Busy):
                keys.get("a")
            clock.now_s += 1
        assert issuer.fetches == 4
        issuer.trouble = None
        clock.now_s += 5
        assert keys.get("a").key_id == "a"


BODY = b'{"block_id": "b"}'
BRIDGE_KEY = ed25519.Ed25519PrivateKey.generate()
BRIDGE_PEM = pem(BRIDGE_KEY.public_key())


def bridge_token(header: dict[str, Any] | None = None, key: Any = BRIDGE_KEY, **changes: Any) -> str:
    standard = {
        "iss": "br-1",
        "sub": "br-1",
        "aud": AUDIENCE,
        "iat": NOW_S,
        "exp": NOW_S + 300,
        "jti": str(uuid.UUID(int=1)),
        "body_sha256": hashlib.sha256(BODY).hexdigest(),
    }
    payload = {name: value for name, value in {**standard, **changes}.items() if value is not None}
    return jwt.encode(payload, key, "EdDSA", {"kid": "br-1", **(header or {})})


class TestABridgesToken:
    @pytest.fixture
    def bridges(self, clock: StoppedClock) -> Ed25519Verifier:
        return Ed25519Verifier(AUDIENCE, clock=clock)

    @pytest.mark.parametrize(
        ("token", "reason"),
        [
            pytest.param("x", "malformed", id="nonsense"),
            pytest.param(jwt.encode({}, KEYS["RS256"], "RS256", {"kid": "br-1"}), "bad_algorithm", id="RS256"),
            pytest.param(forged({"alg": "none", "kid": "br-1"}, {}), "bad_algorithm", id="alg none"),
            pytest.param(bridge_token({"kid": "br-2"}), "unknown_key", id="another bridge's key id"),
            pytest.param(bridge_token(key=ed25519.Ed25519PrivateKey.generate()), "bad_signature", id="another key"),
            pytest.param(bridge_token(iss="br-2"), "wrong_issuer", id="another bridge as issuer"),
            pytest.param(bridge_token(sub="br-2"), "wrong_subject", id="another bridge as subject"),
            pytest.param(bridge_token(aud="other"), "wrong_audience", id="another audience"),
            pytest.param(bridge_token(exp=NOW_S + 301), "too_long_lived", id="valid for longer than five minutes"),
            pytest.param(bridge_token(exp=NOW_S), "too_long_lived", id="valid for no time at all"),
            pytest.param(bridge_token(iat=NOW_S - 400, exp=NOW_S - 100), "expired", id="sent again later"),
            pytest.param(bridge_token(iat=NOW_S + 61, exp=NOW_S + 300), "not_yet_valid", id="made for later"),
            pytest.param(bridge_token(body_sha256="0" * 64), "wrong_body", id="another body"),
            pytest.param(
                bridge_token(body_sha256=hashlib.sha256(BODY).hexdigest().upper()), "wrong_body", id="upper case"
            ),
            pytest.param(bridge_token(body_sha256="Ünïcode"), "wrong_body", id="a hash that is not ASCII"),
            pytest.param(bridge_token(body_sha256=5), "wrong_body", id="a hash that is a number"),
            pytest.param(bridge_token(jti=None), "missing_claim", id="no jti"),
            pytest.param(bridge_token(body_sha256=None), "missing_claim", id="no body hash"),
            pytest.param(bridge_token(iat=None), "missing_claim", id="no time of issue"),
            pytest.param(bridge_token(exp="never"), "malformed", id="an expiry that is a word"),
        ],
    )
    def test_is_refused_with_one_stable_word(self, bridges: Ed25519Verifier, token: str, reason: str) -> None:
        def verify() -> None:
            bridges.verify(token, bridge_id="br-1", public_key_pem=BRIDGE_PEM, body=BODY)

        assert reason_of(verify) == reason

    @pytest.mark.parametrize(
        "registered",
        [
            pytest.param("", id="nothing"),
            pytest.param("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", id="nonsense"),
            pytest.param(pem(KEYS["RS256"].public_key()), id="an RSA key"),
        ],
    )
    def test_cannot_be_verified_by_a_key_that_is_not_ed25519(self, bridges: Ed25519Verifier, registered: str) -> None:
        def verify() -> None:
            bridges.verify(bridge_token(), bridge_id="br-1", public_key_pem=registered, body=BODY)

        assert reason_of(verify) == "bad_key"

    @pytest.mark.parametrize(
        "registered", ["", "x", pem(KEYS["RS256"].public_key())], ids=["nothing", "nonsense", "RSA"]
    )
    def test_needs_a_key_that_is_ed25519(self, bridges: Ed25519Verifier, registered: str) -> None:
        assert not bridges.is_public_key(registered)
        assert bridges.is_public_key(BRIDGE_PEM)

    @pytest.mark.parametrize("kid", ["", "a b", "../x", "a#b", "k" * 129, 5, None])
    def test_with_a_key_id_that_cannot_be_a_bridges_is_not_looked_up(self, bridges: Ed25519Verifier, kid: Any) -> None:
        token = forged({"alg": "EdDSA", "kid": kid}, {})
        assert reason_of(lambda: bridges.key_id(token)) in ("unknown_key", "malformed")

    def test_says_whose_key_to_look_up(self, bridges: Ed25519Verifier) -> None:
        assert bridges.key_id(bridge_token()) == "br-1"

    @pytest.mark.parametrize(
        "changes",
        [
            pytest.param({}, id="as the bridge makes it"),
            pytest.param({"iat": NOW_S + 60, "exp": NOW_S + 360}, id="by a clock a minute ahead"),
            pytest.param({"iat": NOW_S - 359, "exp": NOW_S - 59}, id="by a clock a minute behind"),
        ],
    )
    def test_that_is_good_passes(self, bridges: Ed25519Verifier, changes: dict[str, Any]) -> None:
        bridges.verify(bridge_token(**changes), bridge_id="br-1", public_key_pem=BRIDGE_PEM, body=BODY)
