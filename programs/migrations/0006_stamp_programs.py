"""Stamp programs: a new table alone, one transaction."""

import audit.ids
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import programs.models.stamp_programs
from django.db import migrations, models

from audit.append_only import foreign_key


def within(name: str, column: str, target: str) -> migrations.RunSQL:
    columns = f"environment_id, {column}"
    return foreign_key("programs_stampprogram", name, columns, f"programs_{target}", "environment_id, id")


# A card that has begun goes by the thresholds since; none is ever forgotten, and the last one holds.
THRESHOLDS = migrations.RunSQL(
    "ALTER TABLE programs_stampprogram ADD CONSTRAINT stamp_program_thresholds_valid"
    " CHECK (cardinality(thresholds) > 0 AND thresholds[cardinality(thresholds)] = threshold);",
    "ALTER TABLE programs_stampprogram DROP CONSTRAINT stamp_program_thresholds_valid;",
)


class Migration(migrations.Migration):

    dependencies = [
        ('programs', '0005_tier_key_online'),
    ]

    operations = [
        migrations.CreateModel(
            name='StampProgram',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('public_id', models.CharField(default=programs.models.stamp_programs.new_stamp_program_id, max_length=64)),
                ('name', models.CharField(max_length=200)),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('active', 'Active'), ('paused', 'Paused'), ('ended', 'Ended')], default='draft', max_length=6)),
                ('starts_at', models.DateTimeField(blank=True, help_text='Not before then.', null=True)),
                ('ends_at', models.DateTimeField(blank=True, help_text='Not from then on.', null=True)),
                ('threshold', models.PositiveIntegerField(help_text='So many stamps are a reward.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000)])),
                ('thresholds', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveIntegerField(), default=list, editable=False, size=None)),
                ('condition', models.JSONField(blank=True, default=dict, help_text='Which purchases stamp the card; docs/conditions.md. Empty: every one.')),
                ('item_where', models.JSONField(blank=True, default=dict, help_text="Which of a purchase's lines count, by item.*; docs/conditions.md. Empty: every one.")),
                ('stamps_per', models.CharField(choices=[('purchase', 'One a purchase'), ('quantity', 'One a piece'), ('day', 'One a day')], default='purchase', max_length=8, verbose_name='stamps')),
                ('currency', models.CharField(help_text="ISO 4217. Purchases in another one don't stamp the card.", max_length=3)),
                ('reward_kind', models.CharField(choices=[('refund', 'The lowest price on the card is paid back'), ('fixed-reward', 'A fixed amount is paid')], max_length=12, verbose_name='reward')),
                ('reward_amount', models.BigIntegerField(blank=True, help_text="Of a fixed reward: in the currency's smallest unit; 500 is 5.00 GBP.", null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000000000000)])),
                ('title', models.CharField(help_text='The headline on the card.', max_length=200)),
                ('image_url', models.URLField(blank=True, default='', max_length=500, verbose_name='image address')),
                ('logo_url', models.URLField(blank=True, default='', max_length=500, verbose_name='logo address')),
                ('summary', models.CharField(blank=True, default='', max_length=500)),
                ('description', models.TextField(blank=True, default='', max_length=2000)),
                ('terms', models.TextField(blank=True, default='', max_length=5000)),
                ('reward_text', models.CharField(blank=True, default='', help_text='The reward in words: 1 Free Coffee.', max_length=200)),
                ('created_at', models.DateTimeField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('environment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stamp_programs', to='programs.environment')),
                ('logo', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.picture')),
                ('picture', models.ForeignKey(blank=True, help_text='The image.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.picture')),
                ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stamp_programs', to='programs.program')),
            ],
            options={
                'ordering': ['name'],
                'indexes': [models.Index(fields=['environment', 'id'], name='stamp_program_in_order')],
                'constraints': [models.UniqueConstraint(fields=('environment', 'public_id'), name='stamp_program_public_id_unique'), models.UniqueConstraint(fields=('environment', 'id'), name='stamp_program_key'), models.CheckConstraint(condition=models.Q(('status__in', ['draft', 'active', 'paused', 'ended'])), name='stamp_program_status_valid'), models.CheckConstraint(condition=models.Q(('threshold__gte', 1), ('threshold__lte', 1000)), name='stamp_program_threshold_valid'), models.CheckConstraint(condition=models.Q(('stamps_per__in', ['purchase', 'quantity', 'day'])), name='stamp_program_per_valid'), models.CheckConstraint(condition=models.Q(('currency__regex', '^[A-Z]{3}$')), name='stamp_program_currency_valid'), models.CheckConstraint(condition=models.Q(models.Q(('reward_amount__isnull', True), ('reward_kind', 'refund')), models.Q(('reward_amount__gte', 1), ('reward_amount__isnull', False), ('reward_amount__lte', 1000000000000), ('reward_kind', 'fixed-reward')), _connector='OR'), name='stamp_program_reward_valid'), models.CheckConstraint(condition=models.Q(('starts_at__isnull', True), ('ends_at__isnull', True), ('starts_at__lt', models.F('ends_at')), _connector='OR'), name='stamp_program_window_valid')],
            },
        ),
        within("stamp_program_program_fk", "program_id", "program"),
        within("stamp_program_picture_fk", "picture_id", "picture"),
        within("stamp_program_logo_fk", "logo_id", "picture"),
        THRESHOLDS,
    ]
