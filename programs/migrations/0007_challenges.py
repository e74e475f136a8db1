"""Challenges, milestones, coupons, and how the members' own app calls: new tables, and a picture for items."""

import audit.ids
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.constraints
import django.db.models.deletion
import django.db.models.functions.math
import django.db.models.functions.text
import programs.models.challenges
from decimal import Decimal
from django.db import migrations, models

from audit.append_only import foreign_key


def within(table: str, name: str, column: str, target: str) -> migrations.RunSQL:
    columns = f"environment_id, {column}"
    return foreign_key(f"programs_{table}", name, columns, f"programs_{target}", "environment_id, id")


KEYS = [
    within("challenge", "challenge_program_fk", "program_id", "program"),
    within("mission", "mission_challenge_fk", "challenge_id", "challenge"),
    within("challengereward", "challenge_reward_challenge_fk", "challenge_id", "challenge"),
    within("challengereward", "challenge_reward_metric_fk", "metric_id", "metric"),
    within("challengereward", "challenge_reward_item_fk", "item_id", "inventoryitem"),
    within("coupon", "coupon_item_fk", "item_id", "inventoryitem"),
    within("milestoneset", "milestone_set_metric_fk", "metric_id", "metric"),
    within("milestone", "milestone_set_fk", "milestone_set_id", "milestoneset"),
    within("inventoryitem", "inventory_item_picture_fk", "picture_id", "picture"),
]


class Migration(migrations.Migration):

    dependencies = [
        ('programs', '0006_stamp_programs'),
    ]

    operations = [
        migrations.AddField(
            model_name='inventoryitem',
            name='picture',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.picture'),
        ),
        migrations.CreateModel(
            name='Challenge',
            fields=[
                ('notification_display', models.CharField(choices=[('none', 'Not shown'), ('toast', 'Toast'), ('popup', 'Pop-up')], default='none', max_length=5, verbose_name='shown as')),
                ('notification_title', models.CharField(blank=True, default='', max_length=200, verbose_name='title')),
                ('notification_message', models.CharField(blank=True, default='', max_length=1000, verbose_name='message')),
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('public_id', models.UUIDField(default=audit.ids.new_id)),
                ('title', models.CharField(max_length=200)),
                ('subtitle', models.CharField(blank=True, default='', max_length=500)),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('active', 'Active'), ('paused', 'Paused'), ('ended', 'Ended')], default='draft', max_length=6)),
                ('starts_at', models.DateTimeField(blank=True, help_text='Not before then.', null=True)),
                ('ends_at', models.DateTimeField(blank=True, help_text='Not from then on.', null=True)),
                ('per', models.CharField(choices=[('ever', 'Once'), ('day', 'Every day'), ('week', 'Every week'), ('month', 'Every month')], default='ever', max_length=5, verbose_name='repeats')),
                ('mission_order', models.CharField(choices=[('any', 'In any order'), ('sequence', 'One after the other')], default='any', max_length=8, verbose_name='missions')),
                ('place', models.IntegerField(default=0, help_text='Lower ones come first in the app.')),
                ('show_in_profile', models.BooleanField(default=True)),
                ('show_in_rail', models.BooleanField(default=True)),
                ('show_time', models.BooleanField(default=True, verbose_name='show the dates')),
                ('changes', models.PositiveIntegerField(default=0, editable=False)),
                ('settled', models.PositiveIntegerField(default=0, editable=False)),
                ('look_again_at', models.DateTimeField(editable=False, null=True)),
                ('created_at', models.DateTimeField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('environment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='challenges', to='programs.environment')),
                ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='challenges', to='programs.program')),
            ],
            options={
                'ordering': ['place', 'id'],
            },
        ),
        migrations.CreateModel(
            name='ChallengeReward',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('place', models.PositiveIntegerField(default=0)),
                ('kind', models.CharField(choices=[('metric', 'Points of a metric'), ('inventory_item', 'Inventory item'), ('coupon', 'Coupon')], max_length=14, verbose_name='type')),
                ('quantity', models.BigIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000000000000000)])),
                ('challenge', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rewards', to='programs.challenge')),
                ('environment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.environment')),
                ('item', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='challenge_rewards', to='programs.inventoryitem')),
                ('metric', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.metric')),
            ],
            options={
                'ordering': ['place', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Coupon',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('link', models.URLField(blank=True, default='', help_text='Where it can be used.', max_length=500)),
                ('coupon_id', models.CharField(blank=True, default='', help_text='In the system that honours it.', max_length=200, verbose_name='your own id')),
                ('coupon_type', models.CharField(blank=True, default='', max_length=100, verbose_name='type')),
                ('code', models.CharField(blank=True, default='', help_text='The same for everybody.', max_length=200)),
                ('code_pattern', models.CharField(blank=True, default='', help_text='A code of its own for each: SPRING-########.', max_length=64)),
                ('show_on_notification', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('environment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='coupons', to='programs.environment')),
                ('item', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='coupon', to='programs.inventoryitem')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='MemberApp',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('public_host', models.CharField(blank=True, max_length=253, null=True, unique=True)),
                ('origins', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=300), blank=True, default=list, size=None)),
                ('event_types', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=100), blank=True, default=list, size=None)),
                ('environment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='member_app', to='programs.environment')),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['origins'], name='member_app_origins')],
                'verbose_name': 'member app',
                'verbose_name_plural': 'member app',
            },
        ),
        migrations.CreateModel(
            name='MilestoneSet',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('public_id', models.CharField(default=programs.models.challenges.new_milestone_set_id, max_length=64)),
                ('title', models.CharField(max_length=200)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('environment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='milestone_sets', to='programs.environment')),
                ('metric', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='milestone_sets', to='programs.metric')),
            ],
            options={
                'ordering': ['title', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Milestone',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('public_id', models.CharField(default=programs.models.challenges.new_milestone_id, max_length=64)),
                ('title', models.CharField(max_length=200)),
                ('media', models.URLField(blank=True, default='', max_length=500)),
                ('threshold', models.BigIntegerField(validators=[django.core.validators.MinValueValidator(-1000000000000000), django.core.validators.MaxValueValidator(1000000000000000)])),
                ('environment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.environment')),
                ('milestone_set', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='milestones', to='programs.milestoneset')),
            ],
            options={
                'ordering': ['threshold'],
            },
        ),
        migrations.CreateModel(
            name='Mission',
            fields=[
                ('notification_display', models.CharField(choices=[('none', 'Not shown'), ('toast', 'Toast'), ('popup', 'Pop-up')], default='none', max_length=5, verbose_name='shown as')),
                ('notification_title', models.CharField(blank=True, default='', max_length=200, verbose_name='title')),
                ('notification_message', models.CharField(blank=True, default='', max_length=1000, verbose_name='message')),
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('public_id', models.UUIDField(default=audit.ids.new_id)),
                ('place', models.PositiveIntegerField(default=0, help_text='From 0; the order of a sequence.')),
                ('title', models.CharField(max_length=200)),
                ('type', models.CharField(blank=True, default='', help_text='A word for the app. Empty: the event type.', max_length=100)),
                ('event_type', models.CharField(max_length=100)),
                ('condition', models.JSONField(blank=True, default=dict, help_text='Which events count; docs/conditions.md. Empty: every one of the type.')),
                ('measure', models.CharField(choices=[('count', 'Number of events'), ('sum', 'Sum of a field')], default='count', max_length=5)),
                ('field', models.CharField(blank=True, default='', help_text='Of a sum, as data.amount.', max_length=200)),
                ('target', models.DecimalField(decimal_places=6, max_digits=24, validators=[django.core.validators.MinValueValidator(Decimal('0.000001')), django.core.validators.MaxValueValidator(Decimal('1000000000000'))])),
                ('removed_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('created_at', models.DateTimeField(editable=False)),
                ('challenge', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='missions', to='programs.challenge')),
                ('environment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.environment')),
            ],
            options={
                'ordering': ['place', 'id'],
            },
        ),
        migrations.AddConstraint(
            model_name='challenge',
            constraint=models.UniqueConstraint(fields=('environment', 'public_id'), name='challenge_public_id_unique'),
        ),
        migrations.AddConstraint(
            model_name='challenge',
            constraint=models.UniqueConstraint(fields=('environment', 'id'), name='challenge_key'),
        ),
        migrations.AddConstraint(
            model_name='challenge',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['draft', 'active', 'paused', 'ended'])), name='challenge_status_valid'),
        ),
        migrations.AddConstraint(
            model_name='challenge',
            constraint=models.CheckConstraint(condition=models.Q(('per__in', ['ever', 'day', 'week', 'month'])), name='challenge_per_valid'),
        ),
        migrations.AddConstraint(
            model_name='challenge',
            constraint=models.CheckConstraint(condition=models.Q(('mission_order__in', ['any', 'sequence'])), name='challenge_order_valid'),
        ),
        migrations.AddConstraint(
            model_name='challenge',
            constraint=models.CheckConstraint(condition=models.Q(('notification_display__in', ['none', 'toast', 'popup'])), name='challenge_display_valid'),
        ),
        migrations.AddConstraint(
            model_name='challenge',
            constraint=models.CheckConstraint(condition=models.Q(('starts_at__isnull', True), ('ends_at__isnull', True), ('starts_at__lt', models.F('ends_at')), _connector='OR'), name='challenge_window_valid'),
        ),
        migrations.AddConstraint(
            model_name='challenge',
            constraint=models.CheckConstraint(condition=models.Q(('settled__lte', models.F('changes'))), name='challenge_settled_valid'),
        ),
        migrations.AddConstraint(
            model_name='challengereward',
            constraint=models.UniqueConstraint(fields=('environment', 'id'), name='challenge_reward_key'),
        ),
        migrations.AddConstraint(
            model_name='challengereward',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('item__isnull', True), ('kind', 'metric'), ('metric__isnull', False), ('quantity__gte', 1), ('quantity__isnull', False), ('quantity__lte', 1000000000000000)), models.Q(('item__isnull', False), ('kind__in', ['inventory_item', 'coupon']), ('metric__isnull', True), ('quantity__isnull', True)), _connector='OR'), name='challenge_reward_kind_valid'),
        ),
        migrations.AddConstraint(
            model_name='coupon',
            constraint=models.UniqueConstraint(fields=('environment', 'id'), name='coupon_key'),
        ),
        migrations.AddConstraint(
            model_name='coupon',
            constraint=models.CheckConstraint(condition=models.Q(('code', ''), ('code_pattern', ''), _connector='OR'), name='coupon_one_kind_of_code'),
        ),
        migrations.AddConstraint(
            model_name='memberapp',
            constraint=models.CheckConstraint(condition=models.Q(('public_host__isnull', True), models.Q(('public_host', ''), _negated=True), _connector='OR'), name='member_app_host_not_empty'),
        ),
        migrations.AddConstraint(
            model_name='memberapp',
            constraint=models.CheckConstraint(condition=models.Q(('public_host', django.db.models.functions.text.Lower('public_host'))), name='member_app_host_lower'),
        ),
        migrations.AddConstraint(
            model_name='memberapp',
            constraint=models.CheckConstraint(condition=models.Q(('event_types__overlap', ['purchase', 'refund']), _negated=True), name='member_app_no_purchase'),
        ),
        migrations.AddConstraint(
            model_name='milestoneset',
            constraint=models.UniqueConstraint(fields=('environment', 'public_id'), name='milestone_set_public_id_unique'),
        ),
        migrations.AddConstraint(
            model_name='milestoneset',
            constraint=models.UniqueConstraint(fields=('environment', 'id'), name='milestone_set_key'),
        ),
        migrations.AddConstraint(
            model_name='milestone',
            constraint=models.UniqueConstraint(deferrable=django.db.models.constraints.Deferrable['DEFERRED'], fields=('milestone_set', 'public_id'), name='milestone_public_id_unique'),
        ),
        migrations.AddConstraint(
            model_name='milestone',
            constraint=models.UniqueConstraint(deferrable=django.db.models.constraints.Deferrable['DEFERRED'], fields=('milestone_set', 'threshold'), name='milestone_threshold_unique'),
        ),
        migrations.AddConstraint(
            model_name='milestone',
            constraint=models.UniqueConstraint(fields=('environment', 'id'), name='milestone_key'),
        ),
        migrations.AddConstraint(
            model_name='mission',
            constraint=models.UniqueConstraint(fields=('environment', 'public_id'), name='mission_public_id_unique'),
        ),
        migrations.AddConstraint(
            model_name='mission',
            constraint=models.UniqueConstraint(fields=('environment', 'id'), name='mission_key'),
        ),
        migrations.AddConstraint(
            model_name='mission',
            constraint=models.UniqueConstraint(fields=('challenge', 'id'), name='mission_of_challenge_key'),
        ),
        migrations.AddConstraint(
            model_name='mission',
            constraint=models.CheckConstraint(condition=models.Q(('notification_display__in', ['none', 'toast', 'popup'])), name='mission_display_valid'),
        ),
        migrations.AddConstraint(
            model_name='mission',
            constraint=models.CheckConstraint(condition=models.Q(('event_type', 'refund'), _negated=True), name='mission_of_no_refund'),
        ),
        migrations.AddConstraint(
            model_name='mission',
            constraint=models.CheckConstraint(condition=models.Q(('target__gt', 0), ('target__lte', Decimal('1000000000000'))), name='mission_target_valid'),
        ),
        migrations.AddConstraint(
            model_name='mission',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('field', ''), ('measure', 'count')), models.Q(('measure', 'sum'), models.Q(('field', ''), _negated=True)), _connector='OR'), name='mission_measure_valid'),
        ),
        migrations.AddConstraint(
            model_name='mission',
            constraint=models.CheckConstraint(condition=models.Q(('measure', 'sum'), ('target', django.db.models.functions.math.Floor('target')), _connector='OR'), name='mission_counts_whole_events'),
        ),
        *KEYS,
    ]
