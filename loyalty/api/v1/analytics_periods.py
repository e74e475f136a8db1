"""The period and the metric that a report is asked for."""

from datetime import date, datetime, timedelta
from typing import Any

from audit.errors import InvalidRequest
from loyalty.actions.points import find_metric, find_program
from loyalty.api.common.fields import Body, Day, DayOrInstant, Text
from loyalty.api.common.views import EngineView
from loyalty.queries.analytics.periods import Period, zone_of
from loyalty.rules.days import day_of, midnight
from programs.models import Metric, Program
from programs.queries.snapshots import snapshot

USUAL_DAYS = 30
LONGEST_DAYS = 3 * 366
_REFUSED = "`to` is not before `from`, and the period is at most three years."


class DaysQuery(Body):
    """Local days of the project's zone, both inclusive."""

    vars()["from"] = Day(required=False, help_text="The first day; 29 days before `to`, if absent.")
    to = Day(required=False, help_text="The last day; today, if absent. At most three years in all.")


class MetricQuery(DaysQuery):
    metric = Text(
        required=False, max_length=50, help_text="points, or the only metric of `program`, if absent."
    )
    program = Text(
        required=False, max_length=64, help_text="Code or id: the metric is looked for in it alone."
    )


class ProgramDaysQuery(DaysQuery):
    program = Text(required=False, max_length=64, help_text="Code or id; all of the environment, if absent.")


class MomentsQuery(Body):
    """Local days, both inclusive; or instants, `from` inclusive and `to` exclusive."""

    vars()["from"] = DayOrInstant(
        required=False, help_text="A day, or an instant. 30 days before the end, if absent."
    )
    to = DayOrInstant(
        required=False,
        help_text="A day that still counts, or an instant from which on nothing does. The environment's now, if absent."
        " At most three years later.",
    )


class ProgramMomentsQuery(MomentsQuery):
    program = Text(required=False, max_length=64, help_text="Code or id; all of the environment, if absent.")


def days_asked(view: EngineView, query: dict[str, Any]) -> tuple[date, date]:
    """The first and the last day. Raises InvalidRequest at the field that is wrong."""
    today = day_of(view.now, zone_of(view.environment))
    last = query.get("to", today)
    first = query.get("from", last - timedelta(days=USUAL_DAYS - 1))
    if last > today:
        detail = f"It is {today} in the project's zone; give that day or an earlier one."
        raise InvalidRequest.field("to", "in_future", detail)
    if not first <= last < first + timedelta(days=LONGEST_DAYS):
        raise InvalidRequest.field("to" if "to" in query else "from", "invalid", _REFUSED)
    return first, last


def period_asked(view: EngineView, query: dict[str, Any]) -> Period:
    """The same of days or instants. Raises InvalidRequest at the field that is wrong."""
    zone = zone_of(view.environment)
    ends_at = _instant(query.get("to", view.now), zone, after=True)
    begins_at = _instant(query.get("from", ends_at - timedelta(days=USUAL_DAYS)), zone)
    if not begins_at < ends_at <= begins_at + timedelta(days=LONGEST_DAYS):
        wrong = "to" if "to" in query else "from"  # alone, `to` is never wrong
        raise InvalidRequest.field(wrong, "invalid", "`to` is after `from`, by at most three years.")
    return Period(begins_at, ends_at, zone)


def metric_asked(view: EngineView, query: dict[str, Any]) -> Metric:
    """Raises NotFound and ProgramNotFound; also for another environment's."""
    return find_metric(snapshot(view.environment), query.get("metric"), query.get("program"))


def program_asked(view: EngineView, query: dict[str, Any]) -> Program | None:
    """None: all. Raises ProgramNotFound; also for another environment's."""
    return find_program(snapshot(view.environment), query["program"]) if "program" in query else None


def _instant(at: date, zone: Any, *, after: bool = False) -> datetime:
    if isinstance(at, datetime):
        return at
    return midnight(at + timedelta(days=1) if after else at, zone)
