from django.urls import path

from loyalty.api.v1 import (
    audit_events,
    customers,
    earning_rules,
    events,
    points,
    programs,
    sandbox,
    transactions,
)
from loyalty.api.v1.nothing_here import NothingHereView

urlpatterns = [
    path("points", points.HistoryView.as_view()),
    path("points/award", points.AwardView.as_view()),
    path("points/redeem", points.RedeemView.as_view()),
    path("points/adjust", points.AdjustView.as_view()),
    path("customers", customers.CustomerListView.as_view()),
    path("members", customers.MemberListView.as_view()),
    # A tenant's own ids may hold slashes.
    path("customers/<path:customer_id>/balances", customers.BalancesView.as_view()),
    path("customers/<path:customer_id>", customers.CustomerView.as_view()),
    path("members/<path:customer_id>/balances", customers.MemberBalancesView.as_view()),
    path("members/<path:customer_id>", customers.MemberView.as_view()),
    path("transactions", transactions.TransactionListView.as_view()),
    path("transactions/<str:transaction_id>", transactions.TransactionView.as_view()),
    path("events", events.EventListView.as_view()),
    path("events/<path:event_id>", events.EventView.as_view()),
    path("programs", programs.ProgramListView.as_view()),
    path("programs/<str:program>", programs.ProgramView.as_view()),
    path("metrics", programs.MetricListView.as_view()),
    path("metrics/<str:metric>", programs.MetricView.as_view()),
    path("earning-rules", earning_rules.RuleListView.as_view()),
    path("earning-rules/<str:rule_id>", earning_rules.RuleView.as_view()),
    path("earning-rules/<str:rule_id>/publish", earning_rules.PublishView.as_view()),
    path("earning-rules/<str:rule_id>/archive", earning_rules.ArchiveView.as_view()),
    path("sandbox/clock", sandbox.ClockView.as_view()),
    path("audit-events", audit_events.AuditEventListView.as_view()),
    path("<path:rest>", NothingHereView.as_view()),
]
