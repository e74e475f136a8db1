"""Rewards and what they give, pictures, and the keys of member tokens: new tables alone, one transaction."""

import audit.ids
import django.core.validators
import django.db.models.deletion
import programs.models.inventory
import programs.models.rewards
import programs.models.token_keys
from decimal import Decimal
from django.db import migrations, models

from audit.append_only import foreign_key


def within(table: str, name: str, column: str, target: str) -> migrations.RunSQL:
    columns = f"environment_id, {column}"
    return foreign_key(f"programs_{table}", name, columns, f"programs_{target}", "environment_id, id")


KEYS = [
    within("inventoryset", "inventory_set_program_fk", "program_id", "program"),
    within("inventoryitem", "inventory_item_set_fk", "inventory_set_id", "inventoryset"),
    within("reward", "reward_program_fk", "program_id", "program"),
    within("reward", "reward_metric_fk", "metric_id", "metric"),
    within("reward", "reward_gives_metric_fk", "gives_metric_id", "metric"),
    within("reward", "reward_gives_item_fk", "gives_item_id", "inventoryitem"),
    within("reward", "reward_picture_fk", "picture_id", "picture"),
]

# A picture is never changed. It may go once no reward shows it; that one does, its key says.
PICTURES = migrations.RunSQL(
    """
    CREATE TRIGGER append_only_row BEFORE UPDATE ON programs_picture
        FOR EACH ROW EXECUTE FUNCTION append_only();
    CREATE TRIGGER append_only_table BEFORE TRUNCATE ON programs_picture
        FOR EACH STATEMENT EXECUTE FUNCTION append_only();
    ALTER TABLE programs_picture ENABLE ALWAYS TRIGGER append_only_row;
    ALTER TABLE programs_picture ENABLE ALWAYS TRIGGER append_only_table;
    """,
    "DROP TRIGGER append_only_row ON programs_picture; DROP TRIGGER append_only_table ON programs_picture;",
)


class Migration(migrations.Migration):

    dependencies = [
        ('programs', '0003_earning_engine'),
    ]

    operations = [
        migrations.CreateModel(
            name='InventorySet',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('public_id', models.CharField(default=programs.models.inventory.new_set_id, max_length=64)),
                ('title', models.CharField(max_length=200)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('environment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='inventory_sets', to='programs.environment')),
                ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='inventory_sets', to='programs.program')),
            ],
            options={
                'ordering': ['title'],
            },
        ),
        migrations.CreateModel(
            name='InventoryItem',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('public_id', models.CharField(default=programs.models.inventory.new_item_id, max_length=64)),
                ('title', models.CharField(max_length=200)),
                ('media', models.URLField(blank=True, max_length=500)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('environment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.environment')),
                ('inventory_set', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='programs.inventoryset')),
            ],
            options={
                'ordering': ['inventory_set', 'title'],
            },
        ),
        migrations.CreateModel(
            name='Picture',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('content', models.BinaryField(help_text='WebP.')),
                ('width', models.PositiveIntegerField()),
                ('height', models.PositiveIntegerField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('environment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.environment')),
            ],
        ),
        migrations.CreateModel(
            name='Reward',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('public_id', models.CharField(default=programs.models.rewards.new_reward_id, max_length=64)),
                ('kind', models.CharField(choices=[('discount', 'Discount'), ('free_product', 'Free product'), ('content_access', 'Access to content'), ('early_access', 'Early access'), ('tier_upgrade', 'Tier upgrade'), ('cashback', 'Cashback'), ('metric', 'Points of another metric'), ('inventory_item', 'Inventory item'), ('custom', 'Custom')], max_length=14)),
                ('name', models.CharField(max_length=200)),
                ('description', models.TextField(blank=True, default='', max_length=2000)),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('active', 'Active'), ('paused', 'Paused'), ('archived', 'Archived')], default='draft', max_length=8)),
                ('cost_kind', models.CharField(choices=[('fixed', 'Fixed'), ('variable', 'The member chooses')], default='fixed', max_length=8, verbose_name='cost')),
                ('points', models.BigIntegerField(blank=True, help_text='Of a fixed cost; 0: for nothing.', null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1000000000000)])),
                ('tier_points', models.JSONField(blank=True, default=dict, help_text='{"gold": 150}: what members of these tiers pay instead.')),
                ('min_points', models.BigIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000000000000)])),
                ('max_points', models.BigIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000000000000)])),
                ('step_points', models.BigIntegerField(blank=True, help_text='From the minimum in steps of so many points.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000000000000)])),
                ('value_per_point', models.DecimalField(blank=True, decimal_places=6, help_text='Of a variable cost: money, or points of the other metric, for each point.', max_digits=18, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0')), django.core.validators.MaxValueValidator(Decimal('1000000000000'))])),
                ('discount_amount', models.DecimalField(blank=True, decimal_places=3, help_text='Money.', max_digits=18, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0')), django.core.validators.MaxValueValidator(Decimal('1000000000000'))])),
                ('discount_percent', models.DecimalField(blank=True, decimal_places=3, max_digits=6, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0.001')), django.core.validators.MaxValueValidator(Decimal('100'))])),
                ('currency', models.CharField(blank=True, default='', help_text='ISO 4217.', max_length=3)),
                ('gives_points', models.BigIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000000000000)])),
                ('starts_at', models.DateTimeField(blank=True, help_text='Not before then.', null=True)),
                ('ends_at', models.DateTimeField(blank=True, help_text='Not from then on.', null=True)),
                ('condition', models.JSONField(blank=True, default=dict, help_text='Who may have it; docs/conditions.md. Empty: everybody.')),
                ('limit_times', models.PositiveIntegerField(blank=True, help_text='So many times a member; empty: no limit.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000000)])),
                ('limit_per', models.CharField(choices=[('day', 'Day'), ('week', 'Week'), ('month', 'Month'), ('ever', 'Ever')], default='ever', max_length=5)),
                ('code_source', models.CharField(choices=[('none', 'No code'), ('generated', 'Made from a pattern'), ('pool', 'From uploaded codes')], default='none', max_length=9)),
                ('code_pattern', models.CharField(blank=True, default='', help_text='REDEEM-########: each # is a letter or a digit.', max_length=64)),
                ('code_valid_days', models.PositiveIntegerField(blank=True, help_text='A code expires so many days after it was issued; empty: never.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(36500)])),
                ('returns_codes', models.BooleanField(default=True, help_text='A cancelled redemption gives its uploaded code back to the pool; else the code is void.')),
                ('fulfilment', models.CharField(choices=[('automatic', 'At once'), ('manual', 'By your staff')], default='automatic', max_length=9)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('environment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rewards', to='programs.environment')),
                ('gives_item', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.inventoryitem')),
                ('gives_metric', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.metric')),
                ('gives_tier', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.tier')),
                ('metric', models.ForeignKey(help_text='What it is paid in.', on_delete=django.db.models.deletion.PROTECT, related_name='rewards', to='programs.metric')),
                ('picture', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.picture')),
                ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rewards', to='programs.program')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='TokenKey',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('kid', models.CharField(default=programs.models.token_keys.new_kid, editable=False, max_length=64, unique=True)),
                ('name', models.CharField(max_length=200)),
                ('algorithm', models.CharField(choices=[('HS256', 'HS256: a secret that we issue'), ('RS256', 'RS256: your RSA key'), ('ES256', 'ES256: your P-256 key')], default='HS256', max_length=5)),
                ('public_key', models.TextField(blank=True, default='', help_text='PEM; of RS256 and ES256.')),
                ('secret', models.TextField(blank=True, default='', editable=False, help_text='Encrypted; of HS256.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('last_used_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('environment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='token_keys', to='programs.environment')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.AddConstraint(
            model_name='inventoryset',
            constraint=models.UniqueConstraint(fields=('environment', 'public_id'), name='inventory_set_public_id_unique'),
        ),
        migrations.AddConstraint(
            model_name='inventoryset',
            constraint=models.UniqueConstraint(fields=('environment', 'id'), name='inventory_set_key'),
        ),
        migrations.AddConstraint(
            model_name='inventoryitem',
            constraint=models.UniqueConstraint(fields=('inventory_set', 'public_id'), name='inventory_item_public_id_unique'),
        ),
        migrations.AddConstraint(
            model_name='inventoryitem',
            constraint=models.UniqueConstraint(fields=('environment', 'id'), name='inventory_item_key'),
        ),
        migrations.AddConstraint(
            model_name='picture',
            constraint=models.UniqueConstraint(fields=('environment', 'id'), name='picture_key'),
        ),
        migrations.AddConstraint(
            model_name='picture',
            constraint=models.CheckConstraint(condition=models.Q(('height__gt', 0), ('width__gt', 0)), name='picture_has_a_size'),
        ),
        migrations.AddConstraint(
            model_name='reward',
            constraint=models.UniqueConstraint(fields=('environment', 'public_id'), name='reward_public_id_unique'),
        ),
        migrations.AddConstraint(
            model_name='reward',
            constraint=models.UniqueConstraint(fields=('environment', 'id'), name='reward_key'),
        ),
        migrations.AddConstraint(
            model_name='reward',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['discount', 'free_product', 'content_access', 'early_access', 'tier_upgrade', 'cashback', 'metric', 'inventory_item', 'custom'])), name='reward_kind_valid'),
        ),
        migrations.AddConstraint(
            model_name='reward',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['draft', 'active', 'paused', 'archived'])), name='reward_status_valid'),
        ),
        migrations.AddConstraint(
            model_name='reward',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cost_kind', 'fixed'), ('max_points__isnull', True), ('min_points__isnull', True), ('points__gte', 0), ('points__isnull', False), ('points__lte', 1000000000000), ('step_points__isnull', True), ('value_per_point__isnull', True)), models.Q(('cost_kind', 'variable'), ('discount_amount__isnull', True), ('discount_percent__isnull', True), ('gives_points__isnull', True), ('kind__in', ['discount', 'cashback', 'metric']), ('max_points__gte', models.F('min_points')), ('max_points__lte', 1000000000000), ('min_points__gt', 0), ('points__isnull', True), ('step_points__gt', 0), ('tier_points', {}), ('value_per_point__gt', 0)), _connector='OR'), name='reward_cost_valid'),
        ),
        migrations.AddConstraint(
            model_name='reward',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('gives_tier__isnull', False), ('kind', 'tier_upgrade')), models.Q(models.Q(('kind', 'tier_upgrade'), _negated=True), ('gives_tier__isnull', True)), _connector='OR'), name='reward_tier_fits_kind'),
        ),
        migrations.AddConstraint(
            model_name='reward',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('gives_item__isnull', False), ('kind', 'inventory_item')), models.Q(models.Q(('kind', 'inventory_item'), _negated=True), ('gives_item__isnull', True)), _connector='OR'), name='reward_item_fits_kind'),
        ),
        migrations.AddConstraint(
            model_name='reward',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('gives_metric__isnull', False), ('kind', 'metric')), models.Q(('gives_metric', models.F('metric')), _negated=True)), ('kind', 'cashback'), models.Q(models.Q(('kind__in', ['metric', 'cashback']), _negated=True), ('gives_metric__isnull', True)), _connector='OR'), name='reward_metric_fits_kind'),
        ),
        migrations.AddConstraint(
            model_name='reward',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cost_kind', 'fixed'), ('gives_points__gt', 0), ('kind', 'metric')), models.Q(models.Q(('cost_kind', 'fixed'), ('kind', 'metric'), _negated=True), ('gives_points__isnull', True)), _connector='OR'), name='reward_points_fit_kind'),
        ),
        migrations.AddConstraint(
            model_name='reward',
            constraint=models.CheckConstraint(condition=models.Q(('discount_amount__isnull', True), ('discount_percent__isnull', True), _connector='OR'), name='reward_one_discount'),
        ),
        migrations.AddConstraint(
            model_name='reward',
            constraint=models.CheckConstraint(condition=models.Q(('starts_at__isnull', True), ('ends_at__isnull', True), ('starts_at__lt', models.F('ends_at')), _connector='OR'), name='reward_window_valid'),
        ),
        migrations.AddConstraint(
            model_name='reward',
            constraint=models.CheckConstraint(condition=models.Q(('limit_per__in', ['day', 'week', 'month', 'ever']), models.Q(('limit_times__isnull', True), ('limit_times__gt', 0), _connector='OR')), name='reward_limit_valid'),
        ),
        migrations.AddConstraint(
            model_name='reward',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('code_source', 'generated'), models.Q(('code_pattern', ''), _negated=True)), models.Q(('code_pattern', ''), ('code_source__in', ['none', 'pool'])), _connector='OR'), name='reward_code_valid'),
        ),
        migrations.AddConstraint(
            model_name='reward',
            constraint=models.CheckConstraint(condition=models.Q(('fulfilment__in', ['automatic', 'manual'])), name='reward_fulfilment_valid'),
        ),
        migrations.AddConstraint(
            model_name='tokenkey',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('algorithm', 'HS256'), ('public_key', ''), models.Q(('secret', ''), _negated=True)), models.Q(('algorithm__in', ['RS256', 'ES256']), ('secret', ''), models.Q(('public_key', ''), _negated=True)), _connector='OR'), name='token_key_fits_algorithm'),
        ),
        *KEYS,
        PICTURES,
    ]
