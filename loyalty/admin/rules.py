"""Earning rules with what members and events have to do with them: trying a draft, back-tests, the budget."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern

from loyalty.admin.back_testing import back_test_page
from loyalty.admin.trying import try_page
from loyalty.models import BackTest, RuleBudget
from programs.admin.earning_rules import EarningRuleAdmin
from programs.models import EarningRule

_SHOWN = 5


@admin.register(EarningRule)
class RuleAdmin(EarningRuleAdmin):
    def get_urls(self) -> list[URLPattern]:
        own = [
            self.object_page("try", lambda request, rule: try_page(self, request, rule), "analyst"),
            self.object_page(
                "back-test", lambda request, rule: back_test_page(self, request, rule), "operator"
            ),
        ]
        return [*own, *super().get_urls()]

    def standing(self, request: HttpRequest, rule: EarningRule) -> dict[str, Any]:
        return super().standing(request, rule) | {
            "budget": budget_of(rule),
            "back_tests": list(BackTest.objects.filter(rule=rule)[:_SHOWN]),
        }


def budget_of(rule: EarningRule) -> dict[str, int] | None:
    """What of the draft's budget is spent; in points. None where it has none."""
    if rule.budget is None:
        return None
    spent = RuleBudget.objects.filter(rule=rule).values_list("spent", flat=True).first() or 0
    return {"limit": rule.budget, "spent": spent, "left": max(0, rule.budget - spent)}
