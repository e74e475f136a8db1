"""For load balancers and monitoring: is the process alive, can it serve, and its figures."""

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.crypto import constant_time_compare
from django_prometheus.exports import ExportToDjangoView

from config.middleware import client_ip


def index(_request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect("/console/")


def healthz(_request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def readyz(_request: HttpRequest) -> JsonResponse:
    """The database answers and has every migration; 503 otherwise."""
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error:
        return JsonResponse({"status": "unavailable", "detail": "The database is away."}, status=503)
    if pending:
        return JsonResponse({"status": "unavailable", "detail": "Run manage.py migrate."}, status=503)
    return JsonResponse({"status": "ok"})


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
    return response
