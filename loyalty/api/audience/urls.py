from django.urls import path

from loyalty.api.audience import actions, config, coupons, history, notifications, profiles
from loyalty.api.audience.views import NothingHere

urlpatterns = [
    path("config", config.ConfigView.as_view()),
    path("profile", profiles.ProfileView.as_view()),
    path("notifications", notifications.NotificationsView.as_view()),
    path("history", history.HistoryView.as_view()),
    path("coupons/<str:couponId>", coupons.CouponView.as_view()),
    path("action", actions.ActionView.as_view()),
    path("<path:rest>", NothingHere.as_view()),
]
