"""The form of a challenge with its rows, for the console's tests."""

from typing import Any

from programs.models import Challenge, ChallengeReward, Environment, Metric, Mission, Program

PAGE = "/console/programs/challenge"
ROW: dict[str, Any] = {
    "title": "Come twice",
    "event_type": "visit",
    "condition": "{}",
    "measure": "count",
    "target": "2",
    "notification_display": "none",
}


def change_url(challenge: Challenge) -> str:
    return f"{PAGE}/{challenge.pk}/change/"


def challenge_form(
    environment: Environment, *missions: dict[str, Any], rewards: Any = (), **changes: Any
) -> dict[str, Any]:
    """A new one, of these missions (two visits, if none is named); each reward is its inputs."""
    form = {
        "title": "Regular",
        "program": str(Program.objects.get(environment=environment).pk),
        "per": "ever",
        "mission_order": "any",
        "place": "0",
        "show_in_profile": "on",
        "notification_display": "popup",
        "notification_title": "Well done!",
    }
    rows = {f"n{number}": ROW | mission for number, mission in enumerate(missions or ({},), 1)}
    given = {f"n{number}": reward for number, reward in enumerate(rewards, 1)}
    return form | _rows("mission", rows) | _rows("reward", given) | changes


def stored_form(challenge: Challenge, *dropped: Mission, **changes: Any) -> dict[str, Any]:
    """The form of a stored one as the browser sends it back: what is fixed is not sent. `dropped` missions are
    removed; `changes`: inputs by their names, `mission.<its title>.target` of a mission's."""
    found = Challenge.objects.get(pk=challenge.pk)
    missions = [one for one in found.missions.filter(removed_at=None) if one not in dropped]
    is_live = found.status != Challenge.Status.DRAFT
    fixed = ("event_type", "measure") if is_live else ()
    rows = {
        one.public_id.hex: {
            name: value
            for name, value in (ROW | {"title": one.title, "target": f"{one.target.normalize():f}"}).items()
            if name not in fixed
        }
        for one in missions
    }
    for one in missions:
        for name in [key for key in changes if key.startswith(f"{one.title}.")]:
            rows[one.public_id.hex][name.rpartition(".")[2]] = changes.pop(name)
    given = {reward.pk.hex: _inputs(reward) for reward in found.rewards.all()}
    form = {
        name: value
        for name, value in challenge_form(found.environment).items()
        if name != "mission_row" and not name.startswith("mission-")
    }
    form["title"] = found.title
    if is_live:
        form = {name: value for name, value in form.items() if name not in ("program", "per")}
    return form | _rows("mission", rows) | _rows("reward", given) | changes


def points_row(environment: Environment, quantity: str = "50") -> dict[str, str]:
    metric = Metric.objects.get(environment=environment, code="points")
    return {"kind": "metric", "metric": str(metric.pk), "quantity": quantity}


def row_errors(answer: Any, name: str = "missions") -> list[dict[str, list[str]]]:
    """What is said at each row."""
    rows = getattr(answer.context["editor"], name)
    return [{field: list(texts) for field, texts in row.errors.items()} for row in rows]


def _inputs(reward: ChallengeReward) -> dict[str, str]:
    if reward.kind == ChallengeReward.Kind.METRIC:
        return {"kind": "metric", "metric": str(reward.metric_id), "quantity": str(reward.quantity)}
    name = "coupon" if reward.kind == ChallengeReward.Kind.COUPON else "item"
    return {"kind": reward.kind, name: str(reward.item_id)}


def _rows(noun: str, rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    inputs = {f"{noun}-{key}-{name}": value for key, row in rows.items() for name, value in row.items()}
    return {f"{noun}_row": list(rows)} | inputs
