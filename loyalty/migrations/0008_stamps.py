"""Stamp cards, stamps and what full cards give: new tables alone, one transaction."""

import audit.ids
import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from audit.append_only import foreign_key, guard_all_but


def key(table: str, name: str, columns: str, target: str, target_columns: str) -> migrations.RunSQL:
    return foreign_key(f"loyalty_{table}", name, columns, target, target_columns)


def to_member(table: str, name: str) -> migrations.RunSQL:
    return key(table, name, "environment_id, member_id", "loyalty_member", "environment_id, id")


def to_program(table: str, name: str) -> migrations.RunSQL:
    return key(
        table, name, "environment_id, stamp_program_id", "programs_stampprogram", "environment_id, id"
    )


KEYS = [
    to_member("stampcollection", "stamp_collection_member_fk"),
    to_program("stampcollection", "stamp_collection_program_fk"),
    key("stampcollection", "stamp_collection_merged_fk", "merged_into_id", "loyalty_stampcollection", "id"),
    to_member("stampreward", "stamp_reward_member_fk"),
    to_program("stampreward", "stamp_reward_program_fk"),
    key(
        "stampreward",
        "stamp_reward_collection_fk",
        "member_id, stamp_program_id, collection_id",
        "loyalty_stampcollection",
        "member_id, stamp_program_id, id",
    ),
    to_member("stamp", "stamp_member_fk"),
    key("stamp", "stamp_collection_fk", "member_id, collection_id", "loyalty_stampcollection", "member_id, id"),
    key("stamp", "stamp_reward_fk", "member_id, reward_id", "loyalty_stampreward", "member_id, id"),
    # After a merge the purchase is of who was merged away: by its own key.
    key("stamp", "stamp_event_fk", "event_id", "loyalty_event", "id"),
]

# What a row's CHECK can't see: which way it goes.
MOVES = migrations.RunSQL(
    """
    CREATE FUNCTION stamp_moves() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.returned_at IS NULL OR (
            (OLD.returned_at, OLD.returned_by_id, OLD.reward_id, OLD.day)
                IS NOT DISTINCT FROM (NEW.returned_at, NEW.returned_by_id, NEW.reward_id, NEW.day)
        ) THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'stamp %: it was returned, and stays so', OLD.id USING ERRCODE = 'restrict_violation';
    END
    $$;

    CREATE FUNCTION stamp_reward_moves() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.status = OLD.status OR OLD.status = 'issued' THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'stamp reward %: from % to % refused', OLD.id, OLD.status, NEW.status
            USING ERRCODE = 'restrict_violation';
    END
    $$;

    CREATE TRIGGER stamp_moves BEFORE UPDATE ON loyalty_stamp
        FOR EACH ROW EXECUTE FUNCTION stamp_moves();
    CREATE TRIGGER stamp_reward_moves BEFORE UPDATE ON loyalty_stampreward
        FOR EACH ROW EXECUTE FUNCTION stamp_reward_moves();
    ALTER TABLE loyalty_stamp ENABLE ALWAYS TRIGGER stamp_moves;
    ALTER TABLE loyalty_stampreward ENABLE ALWAYS TRIGGER stamp_reward_moves;
    """,
    """
    DROP TRIGGER stamp_moves ON loyalty_stamp;
    DROP TRIGGER stamp_reward_moves ON loyalty_stampreward;
    DROP FUNCTION stamp_moves();
    DROP FUNCTION stamp_reward_moves();
    """,
)


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0007_redemptions_online'),
        ('programs', '0006_stamp_programs'),
    ]

    operations = [
        migrations.CreateModel(
            name='StampCollection',
            fields=[
                ('actor_kind', models.CharField(max_length=16)),
                ('actor_id', models.CharField(max_length=200)),
                ('trace_id', models.CharField(max_length=128)),
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('environment_id', models.UUIDField()),
                ('counter', models.BigIntegerField(default=0)),
                ('cycle_from', models.PositiveIntegerField(default=0)),
                ('created_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('member', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='stamp_collections', to='loyalty.member')),
                ('merged_into', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.stampcollection')),
                ('stamp_program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.stampprogram')),
            ],
            options={
                'ordering': ['-id'],
                'verbose_name': 'enrolment',
            },
        ),
        migrations.CreateModel(
            name='StampReward',
            fields=[
                ('actor_kind', models.CharField(max_length=16)),
                ('actor_id', models.CharField(max_length=200)),
                ('trace_id', models.CharField(max_length=128)),
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('environment_id', models.UUIDField()),
                ('kind', models.CharField(max_length=12)),
                ('amount', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('size', models.PositiveIntegerField()),
                ('stamp_ids', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ('cycle_from', models.PositiveIntegerField()),
                ('status', models.CharField(choices=[('issued', 'To be paid'), ('paid', 'Paid'), ('revoked', 'Revoked')], default='issued', max_length=7)),
                ('owed', models.PositiveIntegerField(default=0)),
                ('event_id', models.UUIDField(null=True)),
                ('reference', models.CharField(help_text='Said when it was paid.', max_length=200, null=True)),
                ('issued_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('paid_at', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('collection', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='rewards', to='loyalty.stampcollection')),
                ('member', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='stamp_rewards', to='loyalty.member')),
                ('stamp_program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.stampprogram')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Stamp',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('environment_id', models.UUIDField()),
                ('number', models.PositiveIntegerField()),
                ('line', models.PositiveIntegerField(null=True)),
                ('day', models.DateField(null=True)),
                ('unit_price', models.DecimalField(decimal_places=6, max_digits=24, null=True)),
                ('collected_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('returned_at', models.DateTimeField(null=True)),
                ('returned_by_id', models.UUIDField(help_text='The refund that took it back.', null=True)),
                ('event', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='stamps', to='loyalty.event')),
                ('member', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='stamps', to='loyalty.member')),
                ('collection', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='stamps', to='loyalty.stampcollection')),
                ('reward', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='stamps', to='loyalty.stampreward')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.AddIndex(
            model_name='stampcollection',
            index=models.Index(fields=['environment_id', '-id'], name='stamp_collection_newest'),
        ),
        migrations.AddIndex(
            model_name='stampcollection',
            index=models.Index(fields=['stamp_program', 'cycle_from', 'counter'], name='stamp_collection_counter'),
        ),
        migrations.AddIndex(
            model_name='stampcollection',
            index=models.Index(fields=['stamp_program', '-id'], name='stamp_collection_of_program'),
        ),
        migrations.AddConstraint(
            model_name='stampcollection',
            constraint=models.UniqueConstraint(fields=('member', 'stamp_program'), name='stamp_collection_once'),
        ),
        migrations.AddConstraint(
            model_name='stampcollection',
            constraint=models.UniqueConstraint(fields=('member', 'id'), name='stamp_collection_key'),
        ),
        migrations.AddConstraint(
            model_name='stampcollection',
            constraint=models.UniqueConstraint(fields=('member', 'stamp_program', 'id'), name='stamp_collection_whole_key'),
        ),
        migrations.AddConstraint(
            model_name='stampcollection',
            constraint=models.CheckConstraint(condition=models.Q(('merged_into__isnull', True), models.Q(models.Q(('merged_into', models.F('id')), _negated=True), ('counter', 0)), _connector='OR'), name='stamp_collection_merged_is_empty'),
        ),
        migrations.AddIndex(
            model_name='stampreward',
            index=models.Index(fields=['environment_id', '-id'], name='stamp_reward_newest'),
        ),
        migrations.AddIndex(
            model_name='stampreward',
            index=models.Index(fields=['environment_id', 'status', 'id'], name='stamp_reward_in_status'),
        ),
        migrations.AddIndex(
            model_name='stampreward',
            index=models.Index(fields=['stamp_program', '-id'], name='stamp_reward_of_program'),
        ),
        migrations.AddIndex(
            model_name='stampreward',
            index=models.Index(condition=models.Q(('status', 'issued')), fields=['stamp_program'], name='stamp_reward_to_pay'),
        ),
        migrations.AddIndex(
            model_name='stampreward',
            index=models.Index(condition=models.Q(('reference__isnull', False)), fields=['environment_id', 'reference'], name='stamp_reward_reference'),
        ),
        migrations.AddIndex(
            model_name='stampreward',
            index=models.Index(fields=['member', '-id'], name='stamp_reward_of_member'),
        ),
        migrations.AddConstraint(
            model_name='stampreward',
            constraint=models.UniqueConstraint(fields=('member', 'id'), name='stamp_reward_key'),
        ),
        migrations.AddConstraint(
            model_name='stampreward',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount__gte', 0), ('kind', 'refund')), models.Q(('amount__gt', 0), ('kind', 'fixed-reward')), _connector='OR'), name='stamp_reward_kind_valid'),
        ),
        migrations.AddConstraint(
            model_name='stampreward',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('owed', 0), ('paid_at__isnull', True), ('revoked_at__isnull', True), ('status', 'issued')), models.Q(('owed__lte', models.F('size')), ('paid_at__isnull', False), ('revoked_at__isnull', True), ('status', 'paid')), models.Q(('owed', 0), ('paid_at__isnull', True), ('revoked_at__isnull', False), ('status', 'revoked')), _connector='OR'), name='stamp_reward_status_fits'),
        ),
        migrations.AddConstraint(
            model_name='stampreward',
            constraint=models.CheckConstraint(condition=models.Q(('size__gt', 0), ('stamp_ids__len', models.F('size'))), name='stamp_reward_names_stamps'),
        ),
        migrations.AddConstraint(
            model_name='stampreward',
            constraint=models.CheckConstraint(condition=models.Q(('actor_kind__in', ['api_key', 'member', 'staff', 'system'])), name='stamp_reward_actor_kind_valid'),
        ),
        migrations.AddIndex(
            model_name='stamp',
            index=models.Index(condition=models.Q(('returned_at__isnull', True), ('reward__isnull', True)), fields=['collection', 'id'], name='stamp_open'),
        ),
        migrations.AddIndex(
            model_name='stamp',
            index=models.Index(fields=['member', '-id'], name='stamp_of_member'),
        ),
        migrations.AddConstraint(
            model_name='stamp',
            constraint=models.UniqueConstraint(fields=('collection', 'event', 'number'), name='stamp_once'),
        ),
        migrations.AddConstraint(
            model_name='stamp',
            constraint=models.UniqueConstraint(condition=models.Q(('day__isnull', False), ('returned_at__isnull', True)), fields=('collection', 'day'), name='stamp_once_a_day'),
        ),
        migrations.AddConstraint(
            model_name='stamp',
            constraint=models.CheckConstraint(condition=models.Q(('unit_price__isnull', True), ('unit_price__gt', 0), _connector='OR'), name='stamp_price_above_zero'),
        ),
        migrations.AddConstraint(
            model_name='stamp',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('returned_at__isnull', True), ('returned_by_id__isnull', True)), models.Q(('returned_at__isnull', False), ('returned_by_id__isnull', False)), _connector='OR'), name='stamp_return_fits'),
        ),
        *KEYS,
        guard_all_but("loyalty_stampcollection", "member_id", "counter", "cycle_from", "merged_into_id"),
        guard_all_but(
            "loyalty_stampreward",
            "member_id",
            "collection_id",
            "status",
            "owed",
            "reference",
            "paid_at",
            "revoked_at",
        ),
        guard_all_but(
            "loyalty_stamp", "member_id", "collection_id", "day", "reward_id", "returned_at", "returned_by_id"
        ),
        MOVES,
    ]
