"""What reversals, holds and merges need of the ledger's tables."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

from audit.append_only import guard_all_but

HOLD_CHANGES = ("status", "captured", "moved_to", "closed_at", "closed_recorded_at", "reason", "metadata")


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0002_ledger_guards'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='ledgerentry',
            name='entry_sign_fits_type',
        ),
        migrations.RemoveConstraint(
            model_name='ledgerentry',
            name='entry_reversal_names_original',
        ),
        migrations.AddField(
            model_name='lot',
            name='continues_id',
            field=models.UUIDField(help_text='Of a merge: the lot of the other member that this one continues.', null=True),
        ),
        migrations.AlterField(
            model_name='ledgerentry',
            name='nominal',
            field=models.BigIntegerField(help_text="Of a reversal: −points + shortfall + what had expired already. Of a credit that the metric's maximum cut: what was asked for.", null=True),
        ),
        AddConstraintNotValid(
            model_name='ledgerentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('points__gt', 0), ('type__in', ['earned', 'bonus'])), models.Q(('points__lt', 0), ('type__in', ['redeemed', 'expired'])), models.Q(('type', 'adjusted'), models.Q(('points', 0), _negated=True)), ('type__in', ['reversed', 'transferred']), _connector='OR'), name='entry_sign_fits_type'),
        ),
        AddConstraintNotValid(
            model_name='ledgerentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('nominal__gte', 0), ('nominal__isnull', False), ('reverses__isnull', False), ('type', 'reversed')), models.Q(models.Q(('nominal__isnull', True), models.Q(('nominal__gt', models.F('points')), ('points__gt', 0), ('type__in', ['earned', 'bonus', 'adjusted'])), _connector='OR'), models.Q(('type', 'reversed'), _negated=True), ('reverses__isnull', True)), _connector='OR'), name='entry_reversal_names_original'),
        ),
        guard_all_but("loyalty_hold", *HOLD_CHANGES),
        guard_all_but("loyalty_uncovered", "open"),
    ]
