"""Usage of rules, tiers, referrals and back-tests: new tables, with keys to those that are in use.

One transaction. A key to a table in use waits for whoever writes to that table, and they wait for it: nothing
is read, so it is over at once, unless somebody holds such a table for long or has one of them and wants the
other (a deadlock). Ended half way, nothing of it is there: migrate again, at a quieter time.
"""

import audit.ids
import django.db.models.deletion
import loyalty.models.back_tests
from django.db import migrations, models

from audit.append_only import foreign_key, guard


def to_member(table: str, name: str) -> migrations.RunSQL:
    return foreign_key(
        f"loyalty_{table}", name, "environment_id, member_id", "loyalty_member", "environment_id, id"
    )


def to_event(table: str, name: str) -> migrations.RunSQL:
    return foreign_key(f"loyalty_{table}", name, "member_id, event_id", "loyalty_event", "member_id, id")


def to_configured(table: str, name: str, column: str, target: str) -> migrations.RunSQL:
    columns = f"environment_id, {column}"
    return foreign_key(f"loyalty_{table}", name, columns, f"programs_{target}", "environment_id, id")


KEYS = [
    to_member("ruleusage", "rule_usage_member_fk"),
    to_configured("ruleusage", "rule_usage_rule_fk", "rule_id", "earningrule"),
    to_configured("rulebudget", "rule_budget_rule_fk", "rule_id", "earningrule"),
    to_configured("backtest", "back_test_rule_fk", "rule_id", "earningrule"),
    to_member("membertier", "member_tier_member_fk"),
    to_configured("membertier", "member_tier_ladder_fk", "ladder_id", "tierladder"),
    foreign_key(
        "loyalty_membertier", "member_tier_tier_fk", "ladder_id, tier_id", "programs_tier", "ladder_id, id"
    ),
    to_member("tierprogress", "tier_progress_member_fk"),
    to_configured("tierprogress", "tier_progress_ladder_fk", "ladder_id", "tierladder"),
    to_member("tierchange", "tier_change_member_fk"),
    to_configured("tierchange", "tier_change_ladder_fk", "ladder_id", "tierladder"),
    to_event("tierchange", "tier_change_event_fk"),
    to_member("referralcode", "referral_code_member_fk"),
    to_member("referral", "referral_member_fk"),
    to_event("referral", "referral_event_fk"),
    foreign_key(
        "loyalty_referral",
        "referral_referrer_fk",
        "environment_id, referrer_id",
        "loyalty_member",
        "environment_id, id",
    ),
    foreign_key(
        "loyalty_referral",
        "referral_revision_fk",
        "rule_revision_id",
        "programs_earningrulerevision",
        "id",
    ),
    foreign_key("loyalty_referral", "referral_entry_fk", "referrer_entry_id", "loyalty_ledgerentry", "id"),
]


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0004_whole_ledger_online'),
        ('programs', '0003_earning_engine'),
    ]

    operations = [
        migrations.CreateModel(
            name='BackTest',
            fields=[
                ('actor_kind', models.CharField(max_length=16)),
                ('actor_id', models.CharField(max_length=200)),
                ('trace_id', models.CharField(max_length=128)),
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('public_id', models.CharField(default=loyalty.models.back_tests.new_back_test_id, max_length=64)),
                ('definition', models.JSONField()),
                ('begins_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('status', models.CharField(choices=[('queued', 'Waiting for a worker'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed')], default='queued', max_length=7)),
                ('total', models.BigIntegerField(default=0, help_text='Events in the period.')),
                ('done', models.BigIntegerField(default=0)),
                ('result', models.JSONField(null=True)),
                ('error', models.CharField(blank=True, default='', max_length=500)),
                ('created_at', models.DateTimeField()),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('environment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.environment')),
                ('rule', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='back_tests', to='programs.earningrule')),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['rule', '-id'], name='back_test_of_rule')],
                'constraints': [models.UniqueConstraint(fields=('environment', 'public_id'), name='back_test_id_unique'), models.CheckConstraint(condition=models.Q(('status__in', ['queued', 'running', 'done', 'failed'])), name='back_test_status_valid'), models.CheckConstraint(condition=models.Q(('begins_at__lt', models.F('ends_at'))), name='back_test_period_valid'), models.CheckConstraint(condition=models.Q(('done__gte', 0), ('total__gte', 0)), name='back_test_counts_valid')],
            },
        ),
        migrations.CreateModel(
            name='MemberTier',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('environment_id', models.UUIDField()),
                ('since', models.DateTimeField(help_text='When it was reached, confirmed or lowered to.')),
                ('next_evaluation_at', models.DateTimeField(null=True)),
                ('in_grace', models.BooleanField(default=False)),
                ('ladder', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.tierladder')),
                ('member', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='member_tiers', to='loyalty.member')),
                ('tier', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.tier')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('next_evaluation_at__isnull', False)), fields=['environment_id', 'next_evaluation_at'], name='member_tier_due'), models.Index(fields=['ladder', 'tier'], name='member_tier_level')],
                'constraints': [models.UniqueConstraint(fields=('member', 'ladder'), name='member_tier_unique')],
            },
        ),
        migrations.CreateModel(
            name='Referral',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('environment_id', models.UUIDField()),
                ('referrer_id', models.UUIDField(help_text='The member whose code was used; a merge may redirect it.')),
                ('status', models.CharField(choices=[('pending', 'Waiting for the first qualifying event'), ('awarded', 'Awarded')], default='pending', max_length=7)),
                ('rule_revision_id', models.UUIDField(null=True)),
                ('referrer_entry_id', models.UUIDField(help_text="The referrer's side, in their ledger.", null=True)),
                ('created_at', models.DateTimeField()),
                ('awarded_at', models.DateTimeField(null=True)),
                ('event', models.ForeignKey(db_constraint=False, db_index=False, help_text='The qualifying event.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.event')),
                ('member', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='referrals', to='loyalty.member')),
            ],
            options={
                'indexes': [models.Index(fields=['referrer_id'], name='referral_referrer'), models.Index(condition=models.Q(('event__isnull', False)), fields=['event'], name='referral_event')],
                'constraints': [models.UniqueConstraint(fields=('member',), name='referral_once_per_member'), models.CheckConstraint(condition=models.Q(('member', models.F('referrer_id')), _negated=True), name='referral_not_of_oneself'), models.CheckConstraint(condition=models.Q(models.Q(('awarded_at__isnull', True), ('event__isnull', True), ('status', 'pending')), models.Q(('awarded_at__isnull', False), ('event__isnull', False), ('status', 'awarded')), _connector='OR'), name='referral_status_valid')],
            },
        ),
        migrations.CreateModel(
            name='ReferralCode',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('environment_id', models.UUIDField()),
                ('code', models.CharField(max_length=20)),
                ('created_at', models.DateTimeField()),
                ('member', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='referral_codes', to='loyalty.member')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('environment_id', 'code'), name='referral_code_unique')],
            },
        ),
        migrations.CreateModel(
            name='RuleBudget',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('environment_id', models.UUIDField()),
                ('spent', models.BigIntegerField(default=0)),
                ('rule', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.earningrule')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('spent__gte', 0)), name='rule_budget_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='RuleUsage',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('environment_id', models.UUIDField()),
                ('period', models.CharField(max_length=16)),
                ('points', models.BigIntegerField()),
                ('times', models.BigIntegerField()),
                ('member', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='rule_usages', to='loyalty.member')),
                ('rule', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.earningrule')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('member', 'rule', 'period'), name='rule_usage_unique'), models.CheckConstraint(condition=models.Q(('points__gte', 0), ('times__gte', 0)), name='rule_usage_not_negative'), models.CheckConstraint(condition=models.Q(('period__regex', '^((day|week):[0-9]{4}-[0-9]{2}-[0-9]{2}|month:[0-9]{4}-[0-9]{2}|ever)$')), name='rule_usage_period_valid')],
            },
        ),
        migrations.CreateModel(
            name='TierChange',
            fields=[
                ('actor_kind', models.CharField(max_length=16)),
                ('actor_id', models.CharField(max_length=200)),
                ('trace_id', models.CharField(max_length=128)),
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('environment_id', models.UUIDField()),
                ('kind', models.CharField(choices=[('reached', 'Reached'), ('confirmed', 'Confirmed'), ('grace', 'Days of grace begin'), ('lowered', 'Lowered'), ('merged', 'Taken over by a merge')], max_length=9)),
                ('from_code', models.CharField(max_length=50, null=True)),
                ('to_code', models.CharField(max_length=50, null=True)),
                ('progress', models.DecimalField(decimal_places=6, help_text='What decided.', max_digits=30)),
                ('occurred_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('event', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tier_changes', to='loyalty.event')),
                ('ladder', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.tierladder')),
                ('member', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='tier_changes', to='loyalty.member')),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['member', '-id'], name='tier_change_of_member'), models.Index(condition=models.Q(('event__isnull', False)), fields=['event'], name='tier_change_event')],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['reached', 'confirmed', 'grace', 'lowered', 'merged'])), name='tier_change_kind_valid')],
            },
        ),
        migrations.CreateModel(
            name='TierProgress',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('environment_id', models.UUIDField()),
                ('day', models.DateField()),
                ('figure', models.DecimalField(decimal_places=6, max_digits=30)),
                ('ladder', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.tierladder')),
                ('member', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='tier_progress', to='loyalty.member')),
            ],
            options={
                'indexes': [models.Index(fields=['ladder', 'day'], include=('member', 'figure'), name='tier_progress_ladder')],
                'constraints': [models.UniqueConstraint(fields=('member', 'ladder', 'day'), name='tier_progress_unique')],
            },
        ),
        *KEYS,
        guard("loyalty_tierchange"),
    ]
