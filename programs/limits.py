"""How much and when a rule gives: its caps and its schedule, checked, made into figures, and in words.

| JSON | means |
|---|---|
| `[{"per": "day", "points": 100}]` | at most 100 points a member a day |
| `[{"per": "ever", "times": 1}]` | for one event of each member |
| `{"weekdays": [6, 7], "hours": {"from": 9, "until": 17}}` | at weekends, from 09:00 to before 17:00 |

A cap's period is `event`, `day`, `week` (from Monday), `month` or `ever`. Days, weeks, months, weekdays
and hours are those of the project's time zone. Pure, like the conditions: neither Django nor a clock.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Literal, get_args

from programs.conditions import Fault, FaultyConfigurationError
from programs.conditions.faults import Refusal, join
from programs.conditions.operands import WEEKDAYS
from programs.conditions.values import show
from programs.conditions.words import listed

Per = Literal["event", "day", "week", "month", "ever"]
Unit = Literal["points", "times"]

PERIODS: tuple[Per, ...] = get_args(Per)
UNITS: tuple[Unit, ...] = get_args(Unit)
MAX_POINTS = 10**15
"""Points of one award; sums of a thousand of them still fit a bigint."""
MAX_TIMES = 10**9


class LimitError(FaultyConfigurationError):
    """Caps or a schedule were refused."""


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `limit` points, or events that gave points, of one member in each `per`."""

    per: Per
    unit: Unit
    limit: int

    def to_json(self) -> dict[str, Any]:
        return {"per": self.per, self.unit: self.limit}


@dataclass(frozen=True, slots=True)
class Schedule:
    """ISO weekdays (empty: all) and the hours `from <= hour < until` (None: all); a `from` after `until`
    runs over midnight, and then the weekday is that of the event, not of the evening before."""

    weekdays: tuple[int, ...] = ()
    hours: tuple[int, int] | None = None

    def __bool__(self) -> bool:
        return bool(self.weekdays or self.hours)

    def refusal(self, local: datetime) -> str | None:
        """Why nothing is given at that local time, as a sentence; None if something is."""
        if self.weekdays and local.isoweekday() not in self.weekdays:
            day = _DAYS[local.isoweekday() - 1]
            return f"The rule applies {days_in_words(self.weekdays)}; the event happened on a {day}."
        if self.hours and not _within(local.hour, *self.hours):
            words = hours_in_words(*self.hours)
            return f"The rule applies {words}; the event happened at {local:%H:%M}."
        return None

    def to_json(self) -> dict[str, Any]:
        raw: dict[str, Any] = {"weekdays": list(self.weekdays)} if self.weekdays else {}
        return raw | ({"hours": {"from": self.hours[0], "until": self.hours[1]}} if self.hours else {})


ALWAYS = Schedule()
_DAYS = tuple(day.capitalize() for day in WEEKDAYS)


def _within(hour: int, begin: int, until: int) -> bool:
    return begin <= hour < until if begin < until else hour >= begin or hour < until


def period_of(per: Per, at: datetime, zone: tzinfo) -> str:
    """The period that an event of that instant belongs to: `day:1997-01-05`, `week:1997-01-06` (its
    Monday), `month:1997-01`, `ever`; `event` for an event's own."""
    if per in ("ever", "event"):
        return per
    day = at.astimezone(zone).date()
    if per == "week":
        day -= timedelta(days=day.weekday())
    return f"{per}:{day.isoformat()[: 7 if per == 'month' else 10]}"


# -- from JSON


def parse_caps(raw: object) -> tuple[Cap, ...]:
    """The caps that JSON spells; None is none. Raises LimitError, and nothing else, whatever the
    JSON; its faults have paths such as `[1].per`."""
    caps, faults = _read_caps(raw)
    if faults:
        raise LimitError(faults)
    return caps


def canonical_caps(raw: object) -> list[dict[str, Any]]:
    """The normalised JSON to store, in the order given, which is the order of the cuts. Raises LimitError."""
    return [cap.to_json() for cap in parse_caps(raw)]


def parse_schedule(raw: object) -> Schedule:
    """The schedule that JSON spells; None and {} are always. Raises LimitError, and nothing else."""
    schedule, faults = _read_schedule(raw)
    if faults:
        raise LimitError(faults)
    return schedule


def canonical_schedule(raw: object) -> dict[str, Any]:
    """The normalised JSON to store: weekdays in order, each once. Raises LimitError."""
    return parse_schedule(raw).to_json()


def _read_caps(raw: object) -> tuple[tuple[Cap, ...], list[Fault]]:
    if raw is None:
        return (), []
    if not isinstance(raw, list):
        return (), [Fault("", "invalid_type", f"Caps are a list; this is {show(raw)}.")]
    most = len(PERIODS) * len(UNITS) - 1  # no times per event
    if len(raw) > most:
        return (), [Fault("", "too_long", f"There are {len(raw)} caps; {most} are possible.")]
    caps: list[Cap] = []
    faults: list[Fault] = []
    for index, one in enumerate(raw):
        try:
            caps.append(_cap(one, caps))
        except Refusal as refusal:
            path = f"[{index}]{'.' if refusal.below else ''}{refusal.below}"
            faults.append(Fault(path, refusal.code, refusal.detail))
    return tuple(caps), faults


def _cap(raw: object, earlier: Collection[Cap]) -> Cap:
    if not isinstance(raw, dict):
        raise Refusal("invalid_type", f'Give a cap such as {{"per": "day", "points": 100}}, not {show(raw)}.')
    _only(raw, ("per", *UNITS), "a cap")
    per = next((per for per in PERIODS if per == raw.get("per")), None)
    if per is None:
        detail = f"Give {listed(PERIODS, 'or')}, not {show(raw.get('per'))}."
        raise Refusal("invalid_value", detail, "per")
    units = [unit for unit in UNITS if raw.get(unit) is not None]
    if len(units) != 1:
        code = "ambiguous" if units else "missing_key"
        raise Refusal(code, "Give points or times; two caps may name the same period.")
    unit = units[0]
    if per == "event" and unit == "times":
        raise Refusal("invalid_value", "An event is counted once; give points for it.", "times")
    if any((cap.per, cap.unit) == (per, unit) for cap in earlier):
        raise Refusal("duplicate", f"Another cap limits the {unit} per {per} already.", "per")
    return Cap(per, unit, _whole(raw[unit], 1, MAX_POINTS if unit == "points" else MAX_TIMES, unit))


def _read_schedule(raw: object) -> tuple[Schedule, list[Fault]]:
    if raw is None or raw == {}:
        return ALWAYS, []
    if not isinstance(raw, dict):
        return ALWAYS, [Fault("", "invalid_type", f"A schedule is an object; this is {show(raw)}.")]
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    readers: dict[str, Callable[[object], Any]] = {"weekdays": _weekdays, "hours": _hours}
    for key, read in readers.items():
        try:
            values[key] = read(raw.get(key))
        except Refusal as refusal:
            below = refusal.below
            path = f"{key}{below}" if below.startswith("[") else join(key, below)
            faults.append(Fault(path, refusal.code, refusal.detail))
    try:
        _only(raw, tuple(readers), "a schedule")
    except Refusal as refusal:
        faults.append(Fault("", refusal.code, refusal.detail))
    return (ALWAYS, faults) if faults else (Schedule(**values), [])


def _weekdays(raw: object) -> tuple[int, ...]:
    if raw is None:
        return ()
    if not isinstance(raw, list):
        raise Refusal("invalid_type", f"Weekdays are a list of 1 (Monday) to 7 (Sunday), not {show(raw)}.")
    if not raw:
        raise Refusal("empty", "Give at least one weekday, or leave weekdays out for all.")
    if len(raw) > len(WEEKDAYS):
        raise Refusal("too_long", f"The list has {len(raw)} weekdays; a week has 7.")
    return tuple(sorted({_whole(day, 1, 7, f"[{index}]") for index, day in enumerate(raw)}))


def _hours(raw: object) -> tuple[int, int] | None:
    if raw is None:
        return None
    if not isinstance(raw, dict):
        raise Refusal("invalid_type", f'Give hours such as {{"from": 9, "until": 17}}, not {show(raw)}.')
    _only(raw, ("from", "until"), "hours")
    begin, until = _whole(raw.get("from"), 0, 23, "from"), _whole(raw.get("until"), 0, 24, "until")
    if begin == until:
        raise Refusal(
            "invalid_value", "The hours are none at all; leave them out for the whole day.", "until"
        )
    return begin, until


def _whole(raw: object, low: int, high: int, below: str) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or not low <= raw <= high:
        detail = f"Give a whole number from {low} to {high}, not {show(raw)}."
        raise Refusal("invalid_value", detail, below)
    return raw


def _only(raw: dict[str, object], known: Sequence[str], noun: str) -> None:
    unknown = next((key for key in raw if key not in known), None)
    if unknown is not None:
        raise Refusal("unknown_key", f"The key {show(unknown)} is not known in {noun}.")


# -- in words

_PER = {"event": "an event", "day": "a day", "week": "a week", "month": "a month", "ever": "ever"}


def cap_in_words(cap: Cap, noun: str = "points") -> str:
    """ "at most 500 points a day", "once a week", "at most 3 times ever"."""
    per = _PER[cap.per]
    if cap.unit == "times":
        return f"once {per}" if cap.limit == 1 else f"at most {cap.limit} times {per}"
    return f"at most {cap.limit} {noun} {per}".replace("  ", " ")


def days_in_words(weekdays: Sequence[int]) -> str:
    """ "on weekends", "on Mondays and Fridays"."""
    if tuple(weekdays) == (6, 7):
        return "on weekends"
    if tuple(weekdays) == (1, 2, 3, 4, 5):
        return "from Monday to Friday"
    return f"on {listed([f'{_DAYS[day - 1]}s' for day in weekdays], 'and')}"


def hours_in_words(begin: int, until: int) -> str:
    """ "between 09:00 and 17:00"."""
    return f"between {begin:02}:00 and {until:02}:00"


def schedule_in_words(schedule: Schedule) -> str:
    """ "on weekends between 09:00 and 17:00"; empty if always."""
    days = [days_in_words(schedule.weekdays)] if schedule.weekdays else []
    return " ".join([*days, *([hours_in_words(*schedule.hours)] if schedule.hours else [])])
