"""What a page of figures was asked for: which metric, which days, as of when."""

from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone

from loyalty.admin.periods import Chosen, Period, chosen, fault_of
from loyalty.queries.analytics.periods import Period as Instants
from loyalty.queries.analytics.periods import days
from programs.models import Environment, Metric
from programs.queries.environments import now_in
from programs.queries.snapshots import snapshot


@dataclass(frozen=True, slots=True)
class Asked:
    """`metrics`: all of the environment, that of the default program first; `metric` one of them. `now`: the
    environment's time, `today` its local day; `before`: the period that the period is compared with."""

    environment: Environment
    now: datetime
    metrics: list[Metric]
    metric: Metric
    chosen: Chosen

    @property
    def period(self) -> Period:
        return self.chosen.period

    @property
    def before(self) -> Period:
        return self.chosen.before

    @property
    def instants(self) -> Instants:
        """Those of the period."""
        return days(self.environment, self.period.first, self.period.last)

    @property
    def today(self) -> date:
        return timezone.localdate(self.now)

    @property
    def query(self) -> str:
        """The address of the same again."""
        return urlencode(self.chosen.query | {"metric": self.metric.code})


def asked_for(request: HttpRequest, environment: Environment) -> Asked | None:
    """By the address: `metric`, a code, and what `periods.chosen` reads. What names nothing is left aside. None in an
    environment without a metric."""
    now = now_in(environment)
    metrics = metrics_of(environment)
    if not metrics:
        return None
    wanted = request.GET.get("metric")
    metric = next((metric for metric in metrics if metric.code == wanted), metrics[0])
    return Asked(environment, now, metrics, metric, chosen(request.GET, today=timezone.localdate(now)))


def refused_file(sent: QueryDict, asked: Asked, form: forms.Form) -> HttpResponse | None:
    """In place of a file of other figures than the address asks for: what is wrong with it. None: nothing."""
    wanted = sent.get("metric", asked.metric.code)
    fault = fault_of(sent, form) if wanted == asked.metric.code else "There is no such metric here."
    return HttpResponse(fault, status=400, content_type="text/plain; charset=utf-8") if fault else None


def metrics_of(environment: Environment) -> list[Metric]:
    """Those of the default program first, and among them `points`."""
    config = snapshot(environment)
    codes = {program.id: program.code for program in config.programs}
    return sorted(
        config.metrics,
        key=lambda one: (codes.get(one.program_id) != "default", one.code != "points", one.code),
    )
