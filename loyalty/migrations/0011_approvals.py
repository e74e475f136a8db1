"""Adjustments that wait for a second person."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q
from django.db.models.functions import Lower
from django.db.models.lookups import Exact

import audit.ids
from audit.append_only import foreign_key

KEYS = [
    foreign_key(
        "loyalty_adjustmentrequest",
        "adjustment_request_member_fk",
        "environment_id, member_id",
        "loyalty_member",
        "environment_id, id",
    ),
    foreign_key(
        "loyalty_adjustmentrequest",
        "adjustment_request_metric_fk",
        "environment_id, metric_id",
        "programs_metric",
        "environment_id, id",
    ),
]

# What a row's CHECK can't see. While it waits it may go to another member; what was asked for stays as it was, and
# what was decided stays decided: then an erasure may blank the notes.
MOVES = migrations.RunSQL(
    """
    CREATE FUNCTION adjustment_request_moves() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        notes text[] := '{note, decision_note}';
        decision text[] := '{status, decided_by, decided_at, entry_id, member_id}';
    BEGIN
        IF TG_OP = 'UPDATE'
            AND (NEW.note IS NULL OR NEW.note = OLD.note)
            AND (
                (
                    OLD.status = 'pending'
                    AND to_jsonb(NEW) - notes - decision = to_jsonb(OLD) - notes - decision
                    AND (NEW.member_id = OLD.member_id OR NEW.status = 'pending')
                )
                OR (
                    to_jsonb(NEW) - notes = to_jsonb(OLD) - notes
                    AND (NEW.decision_note IS NULL OR NEW.decision_note = OLD.decision_note)
                )
            )
        THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'adjustment request %: % of one that is % refused', OLD.id, TG_OP, OLD.status
            USING ERRCODE = 'restrict_violation';
    END
    $$;

    CREATE TRIGGER adjustment_request_moves BEFORE UPDATE OR DELETE ON loyalty_adjustmentrequest
        FOR EACH ROW EXECUTE FUNCTION adjustment_request_moves();
    CREATE TRIGGER adjustment_request_table BEFORE TRUNCATE ON loyalty_adjustmentrequest
        FOR EACH STATEMENT EXECUTE FUNCTION append_only();
    ALTER TABLE loyalty_adjustmentrequest ENABLE ALWAYS TRIGGER adjustment_request_moves;
    ALTER TABLE loyalty_adjustmentrequest ENABLE ALWAYS TRIGGER adjustment_request_table;
    """,
    """
    DROP TRIGGER adjustment_request_moves ON loyalty_adjustmentrequest;
    DROP TRIGGER adjustment_request_table ON loyalty_adjustmentrequest;
    DROP FUNCTION adjustment_request_moves();
    """,
)


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0010_challenges_online"), ("programs", "0010_approvals")]

    operations = [
        migrations.CreateModel(
            name="AdjustmentRequest",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=audit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("environment_id", models.UUIDField()),
                (
                    "points",
                    models.BigIntegerField(help_text="Signed: above zero they are given, below taken."),
                ),
                ("reason", models.CharField(max_length=50)),
                ("note", models.CharField(max_length=1000, null=True)),
                ("requested_by", models.CharField(help_text="The member of staff.", max_length=200)),
                ("requested_at", models.DateTimeField(help_text="In real time.")),
                ("trace_id", models.CharField(max_length=128)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting for approval"),
                            ("approved", "Approved"),
                            ("rejected", "Rejected"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="pending",
                        max_length=9,
                    ),
                ),
                (
                    "decided_by",
                    models.CharField(
                        help_text="Who approved, rejected or withdrew it, or erased the member.",
                        max_length=200,
                        null=True,
                    ),
                ),
                ("decided_at", models.DateTimeField(help_text="In real time.", null=True)),
                ("decision_note", models.CharField(max_length=1000, null=True)),
                (
                    "entry",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="loyalty.ledgerentry",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="loyalty.member",
                    ),
                ),
                (
                    "metric",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="programs.metric",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["environment_id", "-id"], name="adjustment_request_newest"),
                    models.Index(
                        fields=["environment_id", "status", "id"], name="adjustment_request_in_status"
                    ),
                    models.Index(fields=["member", "-id"], name="adjustment_request_of_member"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(status="pending", decided_by__isnull=True, decided_at__isnull=True)
                        & Q(entry__isnull=True, decision_note__isnull=True)
                        | Q(status="approved", decided_by__isnull=False, decided_at__isnull=False)
                        & Q(entry__isnull=False)
                        | Q(
                            status__in=["rejected", "withdrawn"],
                            decided_by__isnull=False,
                            decided_at__isnull=False,
                        )
                        & Q(entry__isnull=True),
                        name="adjustment_request_status_fits",
                    ),
                    models.CheckConstraint(
                        condition=Q(status__in=["pending", "withdrawn"])
                        | ~Q(Exact(Lower("decided_by"), Lower("requested_by"))),
                        name="adjustment_request_two_people",
                    ),
                    models.CheckConstraint(
                        condition=~Q(points=0) & Q(points__gte=-(10**12), points__lte=10**12),
                        name="adjustment_request_points_valid",
                    ),
                ],
            },
        ),
        *KEYS,
        MOVES,
    ]
