"""What the database writes is what a serializer declares."""

from datetime import date

import orjson
import pytest
from django.db import connection
from rest_framework import serializers

from finances.api import database_json
from securities.tests.factories import SecurityPriceFactory


class EverythingSerializer(serializers.Serializer):
    at = serializers.DateTimeField()
    day = serializers.DateField()
    text = serializers.CharField()
    number = serializers.DecimalField(max_digits=None, decimal_places=None)
    count = serializers.IntegerField()
    nothing = serializers.CharField(allow_null=True)

    class Meta:
        aliases = {"amount": "number"}


@pytest.mark.django_db
def test_every_kind_of_field_and_alias():
    SecurityPriceFactory(close="0.1000", volume=2**62)
    columns = {
        "at": "price.timestamp",
        "day": "price.timestamp",
        "text": "'\"é' || price.interval",
        "number": "price.close",
        "count": "price.volume",
        "nothing": "NULL",
    }
    if connection.vendor == "postgresql":
        columns["nothing"] = "NULL::text"

    series = database_json.read_series(
        item=database_json.item_sql(EverythingSerializer, columns),
        place="price.timestamp",
        source="securities_securityprice AS price",
        params=[],
        limit=10,
        offset=0,
    )

    assert orjson.loads(orjson.dumps(series.items)) == [
        {
            "at": "2020-11-06T00:00:00Z",
            "day": str(date(2020, 11, 6)),
            "text": '"é1d',
            "number": 0.1,
            "count": 2**62,
            "nothing": None,
            "amount": 0.1,
        }
    ]
    assert (series.count, series.first, series.last) == (1, "2020-11-06T00:00:00Z", "2020-11-06T00:00:00Z")


def test_a_field_of_another_kind_is_refused():
    class Strange(serializers.Serializer):
        flag = serializers.BooleanField()

    with pytest.raises(TypeError, match="BooleanField is not a field that the database writes"):
        database_json.item_sql(Strange, {"flag": "true"})
