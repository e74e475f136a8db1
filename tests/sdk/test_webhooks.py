"""Both libraries judge webhook deliveries as the reference library of Standard Webhooks does, and as each other."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import standardwebhooks

from loyalty_engine_client import WebhookVerificationError, webhooks
from tests.sdk import node

SECRET = "whsec_" + base64.b64encode(b"a key of thirty-two bytes, or so").decode()
OTHER = "whsec_" + base64.b64encode(b"another key, that was rotated in").decode()
NOW = 1_769_860_800
PAYLOAD = '{"type": "points.awarded", "data": {"member": "Zoë", "points": 100}}'.encode()
SCRIPT = """
const { webhooks, WebhookVerificationError } = await import(process.env.LIBRARY);
for (const { payload, headers, secret, now } of JSON.parse(process.env.CASES)) {
  try {
    const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
    console.log(JSON.stringify({ event: await webhooks.verify(bytes, headers, secret, { now }) }));
  } catch (error) {
    if (!(error instanceof WebhookVerificationError || error instanceof TypeError)) throw error;
    console.log(JSON.stringify({ error: error.message }));
  }
}
"""


def signature(
    payload: bytes = PAYLOAD, *, secret: str = SECRET, at: str | int = NOW, identity: str = "msg_1"
) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{identity}.{at}.".encode() + payload
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(**changes: str) -> dict[str, str]:
    found = {"webhook-id": "msg_1", "webhook-timestamp": str(NOW), "webhook-signature": signature()}
    return found | {f"webhook-{name}": value for name, value in changes.items()}


def without(name: str) -> dict[str, str]:
    return {each: value for each, value in headers().items() if each != f"webhook-{name}"}


@dataclass
class Case:
    """One delivery; `error`: what stands in the refusal, None if it is genuine."""

    error: str | None = None
    payload: bytes = PAYLOAD
    headers: dict[str, str] = field(default_factory=headers)
    secret: str | list[str] = SECRET
    now: float = NOW


UNSIGNED = "No signature"
CASES = {
    "as it was sent": Case(),
    "headers in capitals": Case(headers={name.title(): value for name, value in headers().items()}),
    "a secret without its prefix": Case(secret=SECRET.removeprefix("whsec_")),
    "while the secret is rotated": Case(secret=[OTHER, SECRET]),
    "signed by both secrets": Case(headers=headers(signature=f"{signature(secret=OTHER)} {signature()}")),
    "among signatures of other kinds": Case(headers=headers(signature=f"v1a,xx v1,?? {signature()} v2,yy")),
    "five minutes old": Case(now=NOW + 300),
    "five minutes early": Case(now=NOW - 300),
    "too old": Case("too old", now=NOW + 301),
    "from the future": Case("from the future", now=NOW - 301),
    "changed on its way": Case(UNSIGNED, payload=PAYLOAD.replace(b"100", b"900")),
    "written anew": Case(UNSIGNED, payload=json.dumps(json.loads(PAYLOAD)).encode()),
    "sent again under another id": Case(UNSIGNED, headers=headers(id="msg_2")),
    "sent again at another time": Case(UNSIGNED, headers=headers(timestamp=str(NOW + 1))),
    "of another secret": Case(UNSIGNED, secret=OTHER),
    "of version 2 alone": Case(UNSIGNED, headers=headers(signature=signature().replace("v1,", "v2,"))),
    "with half a signature": Case(UNSIGNED, headers=headers(signature=signature()[:23])),
    "with nothing after v1": Case(UNSIGNED, headers=headers(signature="v1,")),
    "with a time that is none": Case("not a number", headers=headers(timestamp=f"{NOW}.0")),
    "with a time before all time": Case("not a number", headers=headers(timestamp="-1")),
    "without its id": Case("webhook-id is missing", headers=without("id")),
    "without its time": Case("webhook-timestamp is missing", headers=without("timestamp")),
    "without a signature": Case("webhook-signature is missing", headers=without("signature")),
    "not JSON": Case("not JSON", payload=b"hello", headers=headers(signature=signature(b"hello"))),
    "with a secret that is none": Case("whsec_ and base64", secret="whsec_!!!"),
    "with an empty secret": Case("whsec_ and base64", secret="whsec_"),
    "with no secret at all": Case("No secret", secret=[]),
}


def by_python(case: Case) -> Any:
    return webhooks.verify(case.payload, case.headers, case.secret, now=case.now)


@pytest.fixture(scope="module")
def by_javascript() -> dict[str, Any]:
    cases = [
        {
            "payload": base64.b64encode(case.payload).decode(),
            "headers": case.headers,
            "secret": case.secret,
            "now": case.now,
        }
        for case in CASES.values()
    ]
    return dict(zip(CASES, node.lines_of(SCRIPT, CASES=json.dumps(cases)), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_python_takes_what_is_genuine_and_nothing_else(name: str) -> None:
    case = CASES[name]
    if case.error is None:
        assert by_python(case) == json.loads(PAYLOAD)
    else:
        with pytest.raises((WebhookVerificationError, ValueError), match=case.error):
            by_python(case)


@pytest.mark.parametrize("name", CASES)
def test_javascript_judges_as_python_does(name: str, by_javascript: dict[str, Any]) -> None:
    case, found = CASES[name], by_javascript[name]
    if case.error is None:
        assert found == {"event": json.loads(PAYLOAD)}
    else:
        assert case.error in found["error"]


def test_what_the_reference_signs_is_genuine_to_both() -> None:
    reference = standardwebhooks.Webhook(SECRET)
    signed = reference.sign("msg_1", datetime.fromtimestamp(NOW, UTC), PAYLOAD.decode())
    assert signed == signature()
    assert by_python(Case(headers=headers(signature=signed)))["type"] == "points.awarded"


# The reference takes one secret, fractions of a second, and stumbles over text that is no base64.
NOT_ITS_OWN = {"among signatures of other kinds", "with a time that is none"}
SHARED = [name for name, case in CASES.items() if isinstance(case.secret, str) and name not in NOT_ITS_OWN]


@pytest.mark.parametrize("name", SHARED)
def test_the_reference_agrees(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES[name]
    lowered = {each.lower(): value for each, value in case.headers.items()}
    judged_at = datetime.fromtimestamp(case.now, UTC)

    class Clock(datetime):
        @classmethod
        def now(cls, *_: Any, **__: Any) -> datetime:  # type: ignore[override]
            return judged_at

    monkeypatch.setattr("standardwebhooks.webhooks.datetime", Clock)
    if case.error is None:
        assert standardwebhooks.Webhook(str(case.secret)).verify(case.payload, lowered) == json.loads(PAYLOAD)
    else:
        with pytest.raises(Exception):  # noqa: B017 - it has many
            standardwebhooks.Webhook(str(case.secret)).verify(case.payload, lowered)


def test_by_the_real_clock_a_fresh_delivery_is_genuine() -> None:
    now = str(int(datetime.now(UTC).timestamp()))
    fresh = headers(timestamp=now, signature=signature(at=now))
    assert webhooks.verify(PAYLOAD.decode(), fresh, SECRET)["type"] == "points.awarded"
    with pytest.raises(WebhookVerificationError, match="too old"):
        webhooks.verify(PAYLOAD, headers(), SECRET)
