"""A tenant with one row for every page of the console, each carrying the tenant's own mark."""

import io
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.admin import site
from django.db.models import Model
from django.utils import timezone

from audit.models import AuditEvent
from loyalty.actions.approvals import request_adjustment
from loyalty.actions.back_tests import start_back_test
from loyalty.actions.code_uploads import look_at_codes
from loyalty.actions.events import record_event
from loyalty.actions.exporting_lists import start_export
from loyalty.actions.holds import hold_points
from loyalty.actions.importing import look_at_file
from loyalty.actions.inventory_sets import save_inventory_set
from loyalty.actions.redemptions import redeem
from loyalty.models import Event, LedgerEntry, Member, StampReward
from programs.actions.member_apps import save_member_app
from programs.actions.milestones import save_milestone_set
from programs.actions.webhook_endpoints import send_test
from programs.models import (
    ApiKey,
    EarningRule,
    Environment,
    InventorySet,
    Metric,
    MilestoneSet,
    Program,
    ProjectMembership,
)
from tests import factories
from tests.api.world import digest


@dataclass(frozen=True)
class Tenant:
    """`mark` stands in every name that the tenant chose, so that it betrays a leak."""

    mark: str
    environment: Environment
    rows: dict[type[Model], Model]


def furnish(mark: str) -> Tenant:
    project = factories.make_project(f"{mark}-project", organization=f"{mark}-organization")
    environment = factories.make_plan(factories.make_environment(project=project), code=f"{mark}-plan")
    metric = factories.make_metric(environment, f"{mark}-coins", title=f"{mark}-coins")
    rule = factories.make_rule(
        environment, name=f"{mark}-rule", event_type=f"{mark}-purchase", metric=metric.code
    )
    factories.make_key(environment, "*")
    token_key = factories.make_token_key(environment, name=f"{mark}-signer").key
    staff = factories.make_staff(project, "owner", username=f"{mark}-olga")
    actor = factories.make_actor()
    event = record_event(
        environment=factories.reload(environment),
        event_id=f"{mark}-event-1",
        type=f"{mark}-purchase",
        member=f"{mark}-ada",
        data={"amount": "75.00", "note": f"{mark}-note"},
        actor=actor,
        now=timezone.now(),
    ).event
    hold = hold_points(
        environment=environment,
        member=f"{mark}-ada",
        points=10,
        reason=f"{mark}-order",
        metric=metric.code,
        actor=actor,
        now=timezone.now(),
    )
    ladder = factories.make_ladder(
        factories.reload(environment), (f"{mark}-silver", "50"), metric=metric.code
    )
    back_test = start_back_test(
        environment=environment,
        rule=rule,
        begins_at=timezone.now() - timedelta(days=7),
        ends_at=timezone.now(),
        actor=actor,
        now=timezone.now(),
    )
    reward = factories.make_reward(
        factories.reload(environment),
        name=f"{mark}-mug",
        description=f"{mark}-description",
        metric=metric.code,
        points=0,
        stock=5,
        fulfilment="manual",
        code_source="generated",
        code_pattern=f"{mark.upper()}-########",
    )
    redemption = redeem(
        environment=factories.reload(environment),
        member=f"{mark}-ada",
        reward=reward.public_id,
        reason=f"{mark}-wish",
        actor=actor,
        now=timezone.now(),
    )
    inventory_set = save_inventory_set(
        environment=factories.reload(environment),
        inventory_set=InventorySet(environment=environment, program=reward.program),
        actor=actor,
        changes={"title": f"{mark}-badges"},
        items=[{"id": f"{mark}-crown", "title": f"{mark}-crown"}],
    )
    upload = look_at_codes(
        environment=environment,
        reward=factories.make_reward(
            factories.reload(environment), name=f"{mark}-ticket", metric=metric.code, code_source="pool"
        ),
        file_name=f"{mark}.csv",
        data=f"{mark}-code-1".encode(),
        actor=actor,
        now=timezone.now(),
    )
    imported = look_at_file(
        environment=environment,
        kind="members",
        file_name=f"{mark}-members.csv",
        stream=io.BytesIO(f"member_id\n{mark}-ada\n".encode()),
        actor=actor,
        now=timezone.now(),
    )
    stamp_program = factories.make_stamp_program(
        factories.reload(environment),
        name=f"{mark}-coffee",
        title=f"{mark}-title",
        summary=f"{mark}-summary",
        reward_text=f"{mark}-reward",
        threshold=1,
    )
    card = factories.make_card(environment, stamp_program, f"{mark}-ada")
    record_event(
        environment=factories.reload(environment),
        event_id=f"{mark}-event-2",
        type="purchase",
        member=f"{mark}-ada",
        data={"amount": "3.20"},
        actor=actor,
        now=timezone.now(),
    )
    milestone_set = save_milestone_set(
        environment=factories.reload(environment),
        milestone_set=MilestoneSet(environment=environment, metric=metric),
        actor=actor,
        changes={"title": f"{mark}-distance"},
        milestones=[{"id": f"{mark}-marathon", "title": f"{mark}-marathon", "threshold": 42}],
    )
    member_app = save_member_app(
        environment=factories.reload(environment),
        actor=actor,
        changes={"public_host": f"{mark}-app.example.com", "event_types": [f"{mark}-walked"]},
    )
    coupon = factories.make_coupon(
        factories.reload(environment), id=f"{mark}-tea", title=f"{mark}-tea", code=f"{mark}-code"
    )
    challenge = factories.make_challenge(
        factories.reload(environment),
        title=f"{mark}-regular",
        subtitle=f"{mark}-subtitle",
        notification_title=f"{mark}-done",
        missions=[{"title": f"{mark}-visits", "event_type": f"{mark}-visit", "target": 2}],
        rewards=[{"kind": "coupon", "item": coupon.item}],
    )
    asked = request_adjustment(
        environment=factories.reload(environment),
        member=f"{mark}-ada",
        points=5,
        reason="goodwill",
        note=f"{mark}-note",
        metric=metric.code,
        actor=factories.staff_actor(f"{mark}-sven"),
        now=timezone.now(),
    )
    endpoint = factories.make_endpoint(
        factories.reload(environment),
        url=f"https://93.184.215.14/{mark}-hooks",
        description=f"{mark}-backend",
    ).endpoint
    delivery = send_test(
        environment=factories.reload(environment), endpoint=endpoint, actor=actor, now=timezone.now()
    )
    rows: list[Model] = [
        asked,
        start_export(
            environment=factories.reload(environment),
            kind="members",
            query=f"q={mark}-ada",
            actor=actor,
            now=timezone.now(),
        ),
        Member.objects.get(pk=event.member_id),
        event,
        LedgerEntry.objects.get(event_id=event.pk),
        hold,
        reward,
        redemption,
        inventory_set,
        milestone_set,
        coupon,
        challenge,
        member_app,
        upload,
        imported,
        stamp_program,
        card,
        StampReward.objects.get(collection=card),
        AuditEvent.objects.filter(environment_id=environment.pk, verb="points.earned").get(),
        Program.objects.get(environment=environment),
        metric,
        rule,
        ladder,
        back_test,
        ApiKey.objects.get(environment=environment),
        token_key,
        factories.make_share(
            Program.objects.get(environment=environment),
            factories.make_environment(
                project=factories.make_project(f"{mark}-beside", organization=f"{mark}-organization")
            ),
            f"{mark}-reason",
        ),
        endpoint,
        delivery,
        ProjectMembership.objects.get(user=staff),
        project,
        environment.project.organization.plan,
    ]
    return Tenant(mark, environment, {type(row): row for row in rows})


def registered() -> list[type[Model]]:
    """Every model that has a page."""
    return sorted(site._registry, key=lambda model: model._meta.label)


def state_of_everything() -> dict[str, tuple[int, str]]:
    """All rows of our own apps, as digests a table, to be compared before and after."""
    ours = ("audit_", "programs_", "loyalty_")
    return {table: state for table, state in digest().items() if table.startswith(ours)}


__all__ = ["EarningRule", "Event", "Metric", "Tenant", "furnish", "registered", "state_of_everything"]
