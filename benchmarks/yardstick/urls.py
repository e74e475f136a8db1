from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from rest_framework.routers import SimpleRouter

from benchmarks.yardstick.views import BalancesViewSet, PointsViewSet

router = SimpleRouter(trailing_slash=False)
router.register("points", PointsViewSet, basename="points")
router.register("members", BalancesViewSet, basename="members")


def healthz(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [path("v1/", include(router.urls)), path("healthz", healthz)]
