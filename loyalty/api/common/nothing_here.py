"""Addresses of a surface that do not exist."""

from typing import Any

from django.http import Http404
from rest_framework.request import Request

from loyalty.api.common.views import EngineView


class NothingHereView(EngineView):
    """404, whoever asks and however; counted against the address that asks."""

    http_method_names = []
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self._limit(request, f"ip:{request._request.client_ip}")  # type: ignore[attr-defined]
        raise Http404
