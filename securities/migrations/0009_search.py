"""Let names be searched by indexes."""

import logging

from django.db import migrations, models, transaction
from django.db.models.functions import Lower
from django.db.utils import DatabaseError

import finances.fields
from securities import search_indexes

logger = logging.getLogger(__name__)


def make_indexes(apps, schema_editor):
    """Make those that the database allows: without the extension all is found too, only later."""
    if schema_editor.connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(using=schema_editor.connection.alias):
            schema_editor.execute(search_indexes.EXTENSION)
            schema_editor.execute(
                search_indexes.CREATE[search_indexes.THREES]
            )  # not where a hoster hides its operators
    except DatabaseError as exc:
        logger.warning("There is no pg_trgm, so searches stay slow; `manage.py doctor` tells more (%s)", exc)
    for name in sorted(search_indexes.CREATE.keys() - {search_indexes.THREES}):
        schema_editor.execute(search_indexes.CREATE[name])


def drop_indexes(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in search_indexes.CREATE:
            schema_editor.execute(f"DROP INDEX IF EXISTS {name}")


class Migration(migrations.Migration):
    dependencies = [("securities", "0008_validate_prices")]
    operations = [
        migrations.AddField(
            model_name="security",
            name="search_name",
            field=models.GeneratedField(
                db_persist=True,
                expression=Lower("name"),
                output_field=finances.fields.BytewiseField(max_length=200),
            ),
        ),
        migrations.AddIndex(
            model_name="security",
            index=models.Index(fields=["search_name", "symbol", "id"], name="security_name"),
        ),
        migrations.RunPython(make_indexes, drop_indexes),
    ]
