"""GET config: whose it is, and that an app that has it gets it no second time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from loyalty.actions.clock import set_clock
from loyalty.api.audience import rendering
from programs.actions.challenges import save_challenge
from programs.actions.configure import configure
from programs.models import Challenge, Environment, Picture, Program
from tests import factories
from tests.api.audience.club import FINISH, HOST, App, Club, anybody, make_club
from tests.api.audience.reading import done, refused

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


def titles(answer: Any) -> list[str]:
    return [challenge["title"] for challenge in done(answer)["challenges"]]


def test_host_key_and_token_each_say_whose_it_is(club: Club) -> None:
    other = make_club(factories.make_environment(), host="elsewhere.example.com")
    factories.make_challenge(other.environment, title="Theirs")
    ours, theirs = ["A week of videos"], ["A week of videos", "Theirs"]
    assert titles(anybody("GET", "config")) == ours
    assert titles(anybody("GET", "config", host=HOST.upper() + ":80")) == ours
    assert titles(anybody("GET", "config", host="elsewhere.example.com")) == theirs
    for mine, yours in [(club.key(), other.key()), (club.token(), other.token())]:
        assert titles(App(mine).get("config")) == ours
        assert titles(App(yours).get("config")) == theirs
        assert titles(App(yours).get("config", Host=HOST)) == theirs, "what is sent counts, not the host"


def test_without_a_host_of_ours_and_without_authorization_it_is_401(club: Club) -> None:
    message = refused(anybody("GET", "config", host="localhost"), 401, "authentication_failed")
    assert message.startswith("Send a publishable key or a member token")
    refused(anybody("GET", "config", host=HOST + ":8443"), 401, "authentication_failed")
    club.environment.archived_at = timezone.now()
    club.environment.save()
    refused(anybody("GET", "config"), 401, "authentication_failed")


def test_a_faulty_key_is_not_made_good_by_the_host(club: Club) -> None:
    refused(
        anybody("GET", "config", Authorization="Bearer pk_sandbox_nonsense"), 401, "authentication_failed"
    )
    refused(
        anybody("GET", "config", Authorization=f"Bearer {club.token(exp=1)}"), 401, "authentication_failed"
    )


def test_whoever_has_it_gets_304_until_something_changes(club: Club) -> None:
    app = App(club.key())
    first = app.get("config")
    etag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "no-cache"
    assert {"Authorization", "Origin"} <= set(first.headers["Vary"].split(", "))
    for said in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = app.get("config", If_None_Match=said)
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag), said
        assert (again.headers["Cache-Control"], again.headers["Vary"]) == ("no-cache", first.headers["Vary"])
        assert "Content-Type" not in again.headers
    assert app.get("config", If_None_Match='"other"').content == first.content
    assert app.call("HEAD", "config").headers["ETag"] == etag
    factories.make_challenge(club.environment, title="Another")
    changed = app.get("config", If_None_Match=etag)
    assert titles(changed) == ["A week of videos", "Another"]
    assert changed.headers["ETag"] != etag


@pytest.mark.usefixtures("warm_key")
def test_it_is_rendered_once_and_then_costs_one_statement(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    whole = rendering.config

    def counted(*given: Any) -> Any:
        made.append(given)
        return whole(*given)

    monkeypatch.setattr(rendering, "config", counted)
    app = App(club.key())
    first = app.get("config")
    with CaptureQueriesContext(connection) as asked:
        assert [anybody("GET", "config").content, app.get("config").content] == [first.content] * 2
    assert len(made) == 2, "once for each host"
    assert len(asked.captured_queries) == 3, "the environment twice, and whose host it is"


def test_what_is_kept_goes_when_a_window_closes_and_is_not_shown_for_a_moment_longer(
    environment: Environment,
) -> None:
    set_clock(environment=environment, clock=NOON, actor=factories.make_actor())
    ends, begins = NOON + timedelta(minutes=10), NOON + timedelta(minutes=5)
    factories.make_challenge(environment, title="Soon", starts_at=begins, ends_at=ends)
    app = App(factories.make_token(factories.make_token_key(environment)))
    before = app.get("config")
    assert done(before)["challenges"][-1]["time"] == {
        "showInUI": True,
        "from": int(begins.timestamp() * 1000),
        "to": int(ends.timestamp() * 1000),
    }
    for minutes, shown in [(9, True), (10, False)]:
        set_clock(
            environment=environment, clock=NOON + timedelta(minutes=minutes), actor=factories.make_actor()
        )
        assert ("Soon" in titles(app.get("config"))) is shown, minutes
    assert app.get("config", If_None_Match=before.headers["ETag"]).status_code == 200


def test_drafts_ended_ones_and_those_of_paused_programs_are_not_shown(club: Club) -> None:
    environment = club.environment
    for status in ("draft", "paused", "ended"):
        factories.make_challenge(environment, title=status, status=status)
    factories.make_challenge(environment, title="Over", ends_at=timezone.now())
    program = configure(
        environment=environment,
        instance=Program(environment=environment),
        actor=factories.make_actor(),
        changes={"code": "gold", "name": "Gold"},
    )
    factories.make_challenge(environment, title="Of gold", program="gold")
    app = App(club.key())
    assert titles(app.get("config")) == ["A week of videos", "Of gold"]
    configure(
        environment=environment,
        instance=program,
        actor=factories.make_actor(),
        changes={"status": "paused"},
    )
    assert titles(app.get("config")) == ["A week of videos"]


def test_a_mission_that_was_removed_is_not_shown(club: Club) -> None:
    challenge = Challenge.objects.get(environment=club.environment)
    save_challenge(
        environment=club.environment,
        challenge=challenge,
        actor=factories.make_actor(),
        now=timezone.now(),
        changes={},
        missions=[{"id": FINISH, "title": "Finish", "event_type": "level_done", "target": 1}],
        rewards=None,
    )
    (shown,) = done(App(club.key()).get("config"))["challenges"]
    assert [mission["id"] for mission in shown["missions"]] == [FINISH]
    assert challenge.missions.count() == 2, "it stays for those who completed it"


def test_an_uploaded_picture_is_named_by_its_whole_address(club: Club) -> None:
    item = club.environment.inventory_sets.get(public_id="badges").items.get()
    item.picture = Picture.objects.create(environment=club.environment, content=b"webp", width=1, height=1)
    item.save()
    (media,) = (each["media"] for each in done(anybody("GET", "config"))["inventory"][0]["items"])
    assert media == f"http://{HOST}/pictures/{item.picture.pk}.webp"
    assert done(App(club.key()).get("config"))["inventory"][0]["items"][0]["media"].startswith(
        "http://testserver/"
    )
