from django.urls import path

from loyalty.api.publisher_v1 import programs, stamp_collections, transactions
from loyalty.api.publisher_v1.views import NothingHere

urlpatterns = [
    path("loyalty-program/list", programs.ProgramListView.as_view()),
    path("loyalty-program/get", programs.ProgramView.as_view()),
    path("wallet.stamp-collection/create", stamp_collections.CreateView.as_view()),
    path("wallet.stamp-collection/get", stamp_collections.CollectionView.as_view()),
    path("wallet.stamp-collection/list", stamp_collections.CollectionListView.as_view()),
    path("transaction/create", transactions.CreateView.as_view()),
    path("transaction/refund", transactions.RefundView.as_view()),
    path("<path:rest>", NothingHere.as_view()),
]
