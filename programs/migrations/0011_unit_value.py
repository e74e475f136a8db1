"""What one point is worth in money. The database gives the default, so that a server of the release before goes on
writing metrics."""

import django.core.validators
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('programs', '0010_approvals'),
    ]

    operations = [
        migrations.AddField(
            model_name='metric',
            name='unit_currency',
            field=models.CharField(blank=True, db_default='', default='', help_text='Three capital letters (ISO 4217), such as GBP.', max_length=3, validators=[django.core.validators.RegexValidator('^[A-Z]{3}\\Z', 'Three capital letters (ISO 4217), such as GBP.')], verbose_name='currency of the worth'),
        ),
        migrations.AddField(
            model_name='metric',
            name='unit_value',
            field=models.DecimalField(blank=True, decimal_places=6, help_text='What one point costs you when it is spent, in money: 0.01 is one penny of a pound. Reports then show what is outstanding in money too; nothing is earned or spent by it.', max_digits=18, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0.000001')), django.core.validators.MaxValueValidator(Decimal('1000000'))], verbose_name='worth of one'),
        ),
        migrations.AddConstraint(
            model_name='metric',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('unit_currency', ''), ('unit_value__isnull', True)), models.Q(('unit_currency__regex', '^[A-Z]{3}$'), ('unit_value__gt', 0), ('unit_value__isnull', False), ('unit_value__lte', Decimal('1000000'))), _connector='OR'), name='metric_unit_value_valid'),
        ),
    ]
