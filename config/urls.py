"""The only place of URL prefixes."""

from csp.decorators import csp_replace
from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from config import health
from loyalty.api.v1 import error_pages
from programs.pictures import picture

handler403 = "config.console.not_allowed"

_reference = csp_replace(settings.REFERENCE_POLICY)(SpectacularSwaggerSplitView.as_view(url_name="schema"))

urlpatterns = [
    path("", health.index),
    path("console/", admin.site.urls),
    path("v1/", include("loyalty.api.v1.urls")),
    path("publisher.v1/", include("loyalty.api.publisher_v1.urls")),
    path("api/loyalty/", include("loyalty.api.audience.urls")),
    path("pictures/<uuid:picture>.webp", picture, name="picture"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", _reference, name="docs"),
    path("docs/errors/", error_pages.error_list),
    path("docs/errors/<str:code>", error_pages.error_page),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
]
