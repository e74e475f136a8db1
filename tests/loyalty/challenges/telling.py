"""What an event's explanation and figures say of challenges."""

from typing import Any

from loyalty.queries.events import RecordedEvent


def outcomes(event: RecordedEvent) -> list[tuple[str, str]]:
    """Title and outcome of each mission that was judged."""
    found = (event.event.explanation or {}).get("challenges", ())
    return [(each["title"], each["outcome"]) for each in found]


def reasons(event: RecordedEvent) -> list[str]:
    return [each["reason"] for each in (event.event.explanation or {}).get("challenges", ())]


def effects(event: RecordedEvent) -> dict[str, list[dict[str, Any]]]:
    """Counted, completed and revoked; none of them where the event moved no mission."""
    return dict((event.event.figures or {}).get("challenges", {}))


def counted(event: RecordedEvent) -> list[tuple[str, str, str]]:
    """Amount, progress and target of each mission that the event moved."""
    return [(each["amount"], each["progress"], each["target"]) for each in effects(event).get("counted", ())]


def done(event: RecordedEvent, what: str = "completed") -> list[tuple[str, str]]:
    """Kind and title of what was completed, or `revoked`."""
    return [(each["kind"], each["title"]) for each in effects(event).get(what, ())]


def rewards(event: RecordedEvent, what: str = "completed") -> list[tuple[Any, ...]]:
    """Of the challenges that the event completed, or `revoked`: metric, asked and given, or type and item."""
    return [
        (one["metric"], one["asked"], one["given"]) if one["type"] == "metric" else (one["type"], one["item"])
        for each in effects(event).get(what, ())
        for one in each["rewards"]
    ]
