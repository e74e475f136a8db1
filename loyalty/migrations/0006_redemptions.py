"""Redemptions, codes, stock and items: new tables, and kinds of tier changes. One transaction.

What touches tables in use is not checked here for the rows that are there; 0007 does that online.
"""

import audit.exact_json
import audit.ids
import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

from audit.append_only import foreign_key, guard, guard_all_but


def to_member(table: str, name: str) -> migrations.RunSQL:
    return foreign_key(
        f"loyalty_{table}", name, "environment_id, member_id", "loyalty_member", "environment_id, id"
    )


def to_configured(table: str, name: str, column: str, target: str) -> migrations.RunSQL:
    columns = f"environment_id, {column}"
    return foreign_key(f"loyalty_{table}", name, columns, f"programs_{target}", "environment_id, id")


def to_redemption(table: str, name: str) -> migrations.RunSQL:
    columns = "member_id, redemption_id"
    return foreign_key(f"loyalty_{table}", name, columns, "loyalty_redemption", "member_id, id")


KEYS = [
    to_member("redemption", "redemption_member_fk"),
    to_configured("redemption", "redemption_reward_fk", "reward_id", "reward"),
    to_configured("redemption", "redemption_metric_fk", "metric_id", "metric"),
    to_configured("rewardcode", "code_reward_fk", "reward_id", "reward"),
    foreign_key(
        "loyalty_rewardcode",
        "code_redemption_fk",
        "member_id, reward_id, redemption_id",
        "loyalty_redemption",
        "member_id, reward_id, id",
    ),
    to_configured("rewardstock", "reward_stock_reward_fk", "reward_id", "reward"),
    to_configured("codeupload", "code_upload_reward_fk", "reward_id", "reward"),
    to_member("memberitem", "member_item_member_fk"),
    to_configured("memberitem", "member_item_item_fk", "item_id", "inventoryitem"),
    to_member("itemchange", "item_change_member_fk"),
    to_configured("itemchange", "item_change_item_fk", "item_id", "inventoryitem"),
    to_redemption("itemchange", "item_change_redemption_fk"),
    migrations.RunSQL(
        "ALTER TABLE loyalty_ledgerentry ADD CONSTRAINT entry_redemption_fk FOREIGN KEY (member_id, redemption_id)"
        " REFERENCES loyalty_redemption (member_id, id) NOT VALID;",
        "ALTER TABLE loyalty_ledgerentry DROP CONSTRAINT entry_redemption_fk;",
    ),
]

# What a row's CHECK can't see: which way it goes. Of a code only what becomes of it changes, and an erasure may
# blank its text, its place and who took it.
MOVES = migrations.RunSQL(
    """
    CREATE FUNCTION redemption_moves() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.status = OLD.status OR (OLD.status, NEW.status) IN (
            ('pending', 'fulfilled'), ('pending', 'cancelled'), ('pending', 'failed'), ('fulfilled', 'cancelled')
        ) THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'redemption %: from % to % refused', OLD.id, OLD.status, NEW.status
            USING ERRCODE = 'restrict_violation';
    END
    $$;

    CREATE FUNCTION code_moves() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        blanked text[] := '{code, used_place, used_by}';
    BEGIN
        IF TG_OP = 'DELETE' THEN
            IF OLD.status = 'available' THEN
                RETURN OLD;
            END IF;
        ELSIF (NEW.id, NEW.environment_id, NEW.reward_id, NEW.source, NEW.added_at)
                = (OLD.id, OLD.environment_id, OLD.reward_id, OLD.source, OLD.added_at)
            AND (NEW.code IS NULL OR NEW.code = OLD.code)
            AND (
                (OLD.status, NEW.status) IN (('available', 'issued'), ('issued', 'available'))
                OR (
                    (OLD.status, NEW.status) IN (('issued', 'used'), ('issued', 'void'))
                    AND (NEW.member_id, NEW.redemption_id, NEW.issued_at, NEW.expires_at)
                        IS NOT DISTINCT FROM (OLD.member_id, OLD.redemption_id, OLD.issued_at, OLD.expires_at)
                )
                OR (
                    to_jsonb(NEW) - blanked = to_jsonb(OLD) - blanked
                    AND (NEW.used_place IS NULL OR NEW.used_place = OLD.used_place)
                    AND (NEW.used_by IS NULL OR NEW.used_by = OLD.used_by)
                )
            )
        THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'code %: % of one that is % refused', OLD.id, TG_OP, OLD.status
            USING ERRCODE = 'restrict_violation';
    END
    $$;

    CREATE TRIGGER redemption_moves BEFORE UPDATE ON loyalty_redemption
        FOR EACH ROW EXECUTE FUNCTION redemption_moves();
    CREATE TRIGGER code_moves BEFORE UPDATE OR DELETE ON loyalty_rewardcode
        FOR EACH ROW EXECUTE FUNCTION code_moves();
    CREATE TRIGGER code_moves_table BEFORE TRUNCATE ON loyalty_rewardcode
        FOR EACH STATEMENT EXECUTE FUNCTION append_only();
    ALTER TABLE loyalty_redemption ENABLE ALWAYS TRIGGER redemption_moves;
    ALTER TABLE loyalty_rewardcode ENABLE ALWAYS TRIGGER code_moves;
    ALTER TABLE loyalty_rewardcode ENABLE ALWAYS TRIGGER code_moves_table;
    """,
    """
    DROP TRIGGER redemption_moves ON loyalty_redemption;
    DROP TRIGGER code_moves ON loyalty_rewardcode;
    DROP TRIGGER code_moves_table ON loyalty_rewardcode;
    DROP FUNCTION redemption_moves();
    DROP FUNCTION code_moves();
    """,
)


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0005_earning_engine'),
        ('programs', '0004_rewards'),
    ]

    operations = [
        migrations.CreateModel(
            name='ItemChange',
            fields=[
                ('actor_kind', models.CharField(max_length=16)),
                ('actor_id', models.CharField(max_length=200)),
                ('trace_id', models.CharField(max_length=128)),
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('environment_id', models.UUIDField()),
                ('quantity', models.BigIntegerField()),
                ('redemption_id', models.UUIDField(null=True)),
                ('occurred_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('item', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.inventoryitem')),
                ('member', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='item_changes', to='loyalty.member')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='MemberItem',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('environment_id', models.UUIDField()),
                ('quantity', models.BigIntegerField()),
                ('item', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.inventoryitem')),
                ('member', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='items', to='loyalty.member')),
            ],
        ),
        migrations.CreateModel(
            name='Redemption',
            fields=[
                ('actor_kind', models.CharField(max_length=16)),
                ('actor_id', models.CharField(max_length=200)),
                ('trace_id', models.CharField(max_length=128)),
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('environment_id', models.UUIDField()),
                ('status', models.CharField(choices=[('pending', 'Waiting for fulfilment'), ('fulfilled', 'Fulfilled'), ('cancelled', 'Cancelled'), ('failed', 'Failed')], max_length=9)),
                ('points', models.BigIntegerField(help_text='What it cost.')),
                ('kind', models.CharField(max_length=14)),
                ('name', models.CharField(max_length=200)),
                ('discount_amount', models.DecimalField(decimal_places=3, max_digits=18, null=True)),
                ('discount_percent', models.DecimalField(decimal_places=3, max_digits=6, null=True)),
                ('currency', models.CharField(default='', max_length=3)),
                ('gives', models.JSONField(default=dict, help_text='What it changes beside: {"metric": id, "points": n}, {"tier": id} or {"item": id}.')),
                ('given', models.JSONField(help_text='Of a tier upgrade: the level and dates from before, for a cancellation.', null=True)),
                ('takes_stock', models.BooleanField(default=False)),
                ('reason', models.CharField(max_length=500, null=True)),
                ('metadata', audit.exact_json.ExactJSONField(decoder=audit.exact_json.ExactDecoder, encoder=audit.exact_json.ExactEncoder, null=True)),
                ('occurred_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('fulfilled_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(help_text='When it was cancelled, or failed.', null=True)),
                ('note', models.CharField(help_text='Said when it was fulfilled.', max_length=500, null=True)),
                ('closed_reason', models.CharField(help_text='Why it was cancelled, or has failed.', max_length=500, null=True)),
                ('member', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='redemptions', to='loyalty.member')),
                ('metric', models.ForeignKey(db_index=False, help_text='What it was paid in.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.metric')),
                ('reward', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.reward')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='RewardCode',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('environment_id', models.UUIDField()),
                ('code', models.CharField(help_text='Of a generated one empty once its member was erased.', max_length=100, null=True)),
                ('source', models.CharField(choices=[('generated', 'Made from a pattern'), ('pool', 'Uploaded')], max_length=9)),
                ('status', models.CharField(choices=[('available', 'Available'), ('issued', 'Issued'), ('used', 'Used'), ('void', 'Void')], max_length=9)),
                ('member_id', models.UUIDField(null=True)),
                ('added_at', models.DateTimeField(help_text='When it was uploaded or made, in real time.')),
                ('issued_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('used_at', models.DateTimeField(null=True)),
                ('used_recorded_at', models.DateTimeField(null=True)),
                ('used_place', models.CharField(max_length=200, null=True)),
                ('used_by', models.CharField(help_text='The key, or the member of staff.', max_length=200, null=True)),
                ('redemption', models.OneToOneField(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='code', to='loyalty.redemption')),
                ('reward', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.reward')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='RewardStock',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('environment_id', models.UUIDField()),
                ('stock', models.BigIntegerField(null=True)),
                ('taken', models.BigIntegerField(default=0)),
                ('reward', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='stock_row', to='programs.reward')),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='tierchange',
            name='tier_change_kind_valid',
        ),
        migrations.AlterField(
            model_name='tierchange',
            name='kind',
            field=models.CharField(choices=[('reached', 'Reached'), ('confirmed', 'Confirmed'), ('grace', 'Days of grace begin'), ('lowered', 'Lowered'), ('merged', 'Taken over by a merge'), ('granted', 'Given by a reward'), ('revoked', 'Taken back with its reward')], max_length=9),
        ),
        AddConstraintNotValid(
            model_name='tierchange',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['reached', 'confirmed', 'grace', 'lowered', 'merged', 'granted', 'revoked'])), name='tier_change_kind_valid'),
        ),
        migrations.AddIndex(
            model_name='itemchange',
            index=models.Index(fields=['member', '-id'], name='item_change_of_member'),
        ),
        migrations.AddIndex(
            model_name='itemchange',
            index=models.Index(condition=models.Q(('redemption_id__isnull', False)), fields=['redemption_id'], name='item_change_redemption'),
        ),
        migrations.AddConstraint(
            model_name='itemchange',
            constraint=models.CheckConstraint(condition=models.Q(('quantity', 0), _negated=True), name='item_change_not_zero'),
        ),
        migrations.AddConstraint(
            model_name='memberitem',
            constraint=models.UniqueConstraint(fields=('member', 'item'), name='member_item_unique'),
        ),
        migrations.AddConstraint(
            model_name='memberitem',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gte', 0)), name='member_item_not_negative'),
        ),
        migrations.AddIndex(
            model_name='redemption',
            index=models.Index(fields=['environment_id', '-id'], name='redemption_newest'),
        ),
        migrations.AddIndex(
            model_name='redemption',
            index=models.Index(fields=['member', 'reward', 'occurred_at'], name='redemption_limit'),
        ),
        migrations.AddIndex(
            model_name='redemption',
            index=models.Index(fields=['reward', 'occurred_at'], name='redemption_of_reward'),
        ),
        migrations.AddIndex(
            model_name='redemption',
            index=models.Index(fields=['environment_id', 'status', 'id'], name='redemption_in_status'),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.UniqueConstraint(fields=('member', 'id'), name='redemption_key'),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.UniqueConstraint(fields=('member', 'reward', 'id'), name='redemption_reward_key'),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.CheckConstraint(condition=models.Q(('points__gte', 0)), name='redemption_cost_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', True), ('fulfilled_at__isnull', True), ('status', 'pending')), models.Q(('closed_at__isnull', True), ('fulfilled_at__isnull', False), ('status', 'fulfilled')), models.Q(('closed_at__isnull', False), ('status', 'cancelled')), models.Q(('closed_at__isnull', False), ('fulfilled_at__isnull', True), ('status', 'failed')), _connector='OR'), name='redemption_status_fits'),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.CheckConstraint(condition=models.Q(('closed_reason__isnull', True), ('closed_at__isnull', False), _connector='OR'), name='redemption_reason_fits'),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.CheckConstraint(condition=models.Q(('actor_kind__in', ['api_key', 'member', 'staff', 'system'])), name='redemption_actor_kind_valid'),
        ),
        migrations.AddIndex(
            model_name='rewardcode',
            index=models.Index(fields=['reward', 'id'], name='code_of_reward'),
        ),
        migrations.AddIndex(
            model_name='rewardcode',
            index=models.Index(fields=['reward', 'status', 'id'], name='code_in_status'),
        ),
        migrations.AddIndex(
            model_name='rewardcode',
            index=models.Index(condition=models.Q(('status', 'issued')), fields=['reward', 'expires_at'], name='code_expiring'),
        ),
        migrations.AddConstraint(
            model_name='rewardcode',
            constraint=models.UniqueConstraint(fields=('environment_id', 'code'), name='code_unique'),
        ),
        migrations.AddConstraint(
            model_name='rewardcode',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('expires_at__isnull', True), ('issued_at__isnull', True), ('member_id__isnull', True), ('redemption__isnull', True), ('source', 'pool'), ('status', 'available'), ('used_at__isnull', True)), models.Q(('issued_at__isnull', False), ('member_id__isnull', False), ('redemption__isnull', False), ('status__in', ['issued', 'void']), ('used_at__isnull', True)), models.Q(('issued_at__isnull', False), ('member_id__isnull', False), ('redemption__isnull', False), ('status', 'used'), ('used_at__isnull', False), ('used_recorded_at__isnull', False)), _connector='OR'), name='code_status_fits'),
        ),
        migrations.AddConstraint(
            model_name='rewardcode',
            constraint=models.CheckConstraint(condition=models.Q(('source__in', ['generated', 'pool'])), name='code_source_valid'),
        ),
        migrations.AddConstraint(
            model_name='rewardcode',
            constraint=models.CheckConstraint(condition=models.Q(('code__isnull', False), models.Q(('source', 'generated'), ('status__in', ['used', 'void'])), _connector='OR'), name='code_named'),
        ),
        migrations.AddConstraint(
            model_name='rewardcode',
            constraint=models.CheckConstraint(condition=models.Q(('expires_at__isnull', True), ('expires_at__gt', models.F('issued_at')), _connector='OR'), name='code_expires_after_issue'),
        ),
        migrations.AddConstraint(
            model_name='rewardstock',
            constraint=models.CheckConstraint(condition=models.Q(('taken__gte', 0), models.Q(('stock__isnull', True), ('stock__gte', 0), _connector='OR')), name='reward_stock_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='rewardstock',
            constraint=models.CheckConstraint(condition=models.Q(('stock__isnull', True), ('taken__lte', models.F('stock')), _connector='OR'), name='reward_stock_not_exceeded'),
        ),
        migrations.CreateModel(
            name='CodeUpload',
            fields=[
                ('actor_kind', models.CharField(max_length=16)),
                ('actor_id', models.CharField(max_length=200)),
                ('trace_id', models.CharField(max_length=128)),
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('file_name', models.CharField(max_length=200)),
                ('content', models.TextField()),
                ('status', models.CharField(choices=[('preview', 'Looked at, nothing added'), ('queued', 'Waiting for a worker'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed')], default='preview', max_length=7)),
                ('total', models.PositiveIntegerField(help_text='Codes that would be added when it was looked at.')),
                ('duplicates', models.PositiveIntegerField(default=0)),
                ('invalid', models.PositiveIntegerField(default=0)),
                ('problems', models.JSONField(default=list, help_text='The first of them: [{"line", "code", "problem"}].')),
                ('done', models.PositiveIntegerField(default=0, help_text='Lines of the content that were worked off.')),
                ('added', models.PositiveIntegerField(default=0)),
                ('error', models.CharField(blank=True, default='', max_length=500)),
                ('created_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('environment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.environment')),
                ('reward', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.reward')),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['reward', '-id'], name='code_upload_of_reward')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['preview', 'queued', 'running', 'done', 'failed'])), name='code_upload_status_valid')],
            },
        ),
        *KEYS,
        guard("loyalty_itemchange"),
        guard_all_but(
            "loyalty_redemption",
            "status",
            "given",
            "reason",
            "metadata",
            "note",
            "closed_reason",
            "fulfilled_at",
            "closed_at",
        ),
        MOVES,
    ]
