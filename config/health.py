"""For load balancers and monitoring: is the process alive, can it serve, and its figures."""

from collections.abc import Iterator
from threading import Event

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django_prometheus.exports import ExportToDjangoView
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from config.middleware import client_ip
from loyalty.queries.operating import operating_figures

_figures = CollectorRegistry()
_migrated = Event()  # set for good once every migration was seen: none goes away under a running process


def index(_request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect("/console/")


def healthz(_request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def readyz(_request: HttpRequest) -> JsonResponse:
    """The database answers and has every migration; 503 otherwise."""
    try:
        ready = _database_answers() if _migrated.is_set() else _has_every_migration()
    except Error:
        return JsonResponse({"status": "unavailable", "detail": "The database is away."}, status=503)
    if not ready:
        return JsonResponse({"status": "unavailable", "detail": "Run manage.py migrate."}, status=503)
    _migrated.set()
    return JsonResponse({"status": "ok"})


def _database_answers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True


def _has_every_migration() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' figures; with METRICS_TOKEN set, for its bearer alone, else only from this machine.

    A request that a proxy on this machine passed on does not come from this machine.
    """
    token, given = settings.METRICS_TOKEN, request.headers.get("Authorization", "")
    if token:
        allowed = constant_time_compare(given, f"Bearer {token}")
    else:
        passed_on = not settings.TRUSTED_PROXIES and "X-Forwarded-For" in request.headers
        allowed = client_ip(request) in ("127.0.0.1", "::1") and not passed_on
    if not allowed:
        return HttpResponse(
            "Set METRICS_TOKEN and send it as a bearer token.\n", status=403, content_type="text/plain"
        )
    response: HttpResponse = ExportToDjangoView(request)
    response.content += generate_latest(_figures)
    return response


class _Operating(Collector):
    """The gauges of the background's work, read when they are asked for: by families, since a plain gauge would be
    kept in the workers' folder too. None while the database is away, which is a figure of its own."""

    def collect(self) -> Iterator[Metric]:
        try:
            figures = list(operating_figures(now=timezone.now()))
        except Error:
            figures = []
        families: dict[str, GaugeMetricFamily] = {}
        for figure in figures:
            labels = {"job": figure.job} if figure.job else {}
            family = families.setdefault(
                figure.name, GaugeMetricFamily(figure.name, figure.meaning, labels=[*labels])
            )
            family.add_metric([*labels.values()], figure.value)
        yield from families.values()
        yield GaugeMetricFamily("loyalty_database_up", "1 where the database answers.", value=bool(figures))


_figures.register(_Operating())
