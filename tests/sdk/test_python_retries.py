"""sdk/python repeats what may well succeed later, with the same key, and nothing else."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

import loyalty_engine_client as library
from loyalty.api.common.problems import PROBLEMS
from loyalty_engine_client import Client, LoyaltyError
from tests.sdk.fake import Answer, Fake, refusal

PASSING = {"idempotency_key_in_use", "rate_limited", "service_unavailable"}
FAILURES = {
    "the connection breaks": Answer(breaks=True),
    "the same request is still worked on": refusal("idempotency_key_in_use", 409),
    "too many requests": refusal("rate_limited", 429),
    "the database is away": refusal("service_unavailable", 503),
    "a proxy finds no server": Answer(502, b"<html>Bad gateway</html>"),
    "a proxy waits too long": Answer(504, b""),
    "the answer is cut off": Answer(201, b'{"points": 1', cut=100),
}
DONE = Answer(201, {"points": 100})


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_a_write_is_repeated_with_its_key_and_its_body(
    client: Client, fake: Fake, waits: list[float], failure: Answer
) -> None:
    fake.will(failure, failure, DONE)
    assert client.points.award(customer_id="ada", points=100)["points"] == 100
    first, *others = fake.asked
    assert first.key
    assert len(first.key) == 36
    assert [(again.key, again.body) for again in others] == [(first.key, first.body)] * 2
    assert len(waits) == 2


def test_a_read_is_repeated_and_has_no_key(client: Client, fake: Fake) -> None:
    fake.will(Answer(breaks=True), Answer(200, {"id": "ada"}))
    assert client.customers.retrieve("ada")["id"] == "ada"
    assert [asked.key for asked in fake.asked] == [None, None]


def test_two_writes_have_two_keys_and_the_callers_own_is_taken(client: Client, fake: Fake) -> None:
    client.points.award(customer_id="ada", points=1)
    client.points.award(customer_id="ada", points=1)
    client.points.award(customer_id="ada", points=1, idempotency_key="order-1")
    one, other, own = [asked.key for asked in fake.asked]
    assert one != other
    assert own == "order-1"
    assert b"idempotency_key" not in fake.asked[2].body


@pytest.mark.parametrize("key", ["", "two words", "order-1\r\nX: y", "größe", "x" * 256])
def test_a_key_that_no_header_can_carry_is_not_sent_and_not_replaced(
    client: Client, fake: Fake, key: str
) -> None:
    with pytest.raises(ValueError, match="idempotency_key"):
        client.points.award(customer_id="ada", points=1, idempotency_key=key)
    assert fake.asked == []


def test_it_gives_up_after_four_repetitions(client: Client, fake: Fake, waits: list[float]) -> None:
    fake.will(refusal("service_unavailable", 503))
    with pytest.raises(library.ServiceUnavailableError):
        client.points.award(customer_id="ada", points=1)
    assert len(fake.asked) == 5
    assert len({asked.key for asked in fake.asked}) == 1
    assert len(waits) == 4


def test_the_waits_double_are_jittered_and_never_exceed_eight_seconds(fake: Fake) -> None:
    waits: list[float] = []
    fake.will(Answer(503, b""))
    client = Client("sk", base_url=fake.url, sleep=waits.append, max_retries=40)
    with client, pytest.raises(library.UnexpectedAnswerError):
        client.customers.retrieve("ada")
    longest = [min(8, 0.5 * 2**attempt) for attempt in range(40)]
    assert all(half / 2 <= wait <= half for wait, half in zip(waits, longest, strict=True))
    assert len(set(waits[4:])) > 30


def test_retry_after_in_seconds_is_honoured(client: Client, fake: Fake, waits: list[float]) -> None:
    fake.will(refusal("rate_limited", 429, {"Retry-After": "7"}), Answer(200, {"id": "ada"}))
    client.customers.retrieve("ada")
    assert (waits, len(fake.asked)) == ([7], 2)


@pytest.mark.parametrize("header", ["²", "soon", "-1", ""])
def test_a_retry_after_that_is_no_time_is_not_waited_for(
    client: Client, fake: Fake, waits: list[float], header: str
) -> None:
    fake.will(refusal("rate_limited", 429, {"Retry-After": header}), Answer(200, {"id": "ada"}))
    client.customers.retrieve("ada")
    assert len(waits) == 1
    assert waits[0] <= 0.5


def test_a_retry_after_of_more_than_a_minute_is_told_instead_of_waited_for(
    client: Client, fake: Fake, waits: list[float]
) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    fake.will(refusal("rate_limited", 429, {"Retry-After": format_datetime(tomorrow, usegmt=True)}))
    with pytest.raises(library.RateLimitedError) as caught:
        client.customers.retrieve("ada")
    assert (waits, len(fake.asked)) == ([], 1)
    assert caught.value.retry_after == pytest.approx(86400, abs=60)


@pytest.mark.parametrize("code", sorted(set(PROBLEMS) - PASSING))
def test_nothing_else_is_repeated(client: Client, fake: Fake, waits: list[float], code: str) -> None:
    fake.will(refusal(code, PROBLEMS[code].status), DONE)
    with pytest.raises(LoyaltyError):
        client.points.award(customer_id="ada", points=1)
    assert (len(fake.asked), waits) == (1, [])


def test_a_server_that_is_silent_is_given_up_in_time_and_asked_again(fake: Fake, waits: list[float]) -> None:
    fake.will(Answer(delay=20))
    with (
        Client("sk", base_url=fake.url, timeout=0.1, max_retries=1, sleep=waits.append) as client,
        pytest.raises(library.TimedOutError) as caught,
    ):
        client.points.award(customer_id="ada", points=1)
    assert (caught.value.code, caught.value.status) == ("timed_out", None)
    assert len({asked.key for asked in fake.asked}) == 1
    assert len(waits) == 1


def test_one_call_may_be_waited_for_longer_than_the_others(fake: Fake) -> None:
    fake.will(Answer(200, {"id": "ada"}, delay=1), Answer(delay=20))
    with Client("sk", base_url=fake.url, timeout=0.05, max_retries=0) as client:
        assert client.with_timeout(60).customers.retrieve("ada")["id"] == "ada"
        with pytest.raises(library.TimedOutError, match=r"in 0\.05 seconds"):
            client.customers.retrieve("ada")


@pytest.mark.parametrize("timeout", [0, -1, float("inf"), float("nan")])
def test_a_timeout_that_no_clock_can_count_is_refused(client: Client, timeout: float) -> None:
    with pytest.raises(ValueError, match="timeout"):
        client.with_timeout(timeout)
    with pytest.raises(ValueError, match="timeout"):
        Client("sk", base_url="https://x.example", timeout=timeout)


def test_a_server_that_is_not_there_is_no_answer(waits: list[float]) -> None:
    client = Client("sk", base_url="http://127.0.0.1:1", sleep=waits.append)
    with client, pytest.raises(library.NoAnswerError):
        client.customers.retrieve("ada")
    assert len(waits) == 4
