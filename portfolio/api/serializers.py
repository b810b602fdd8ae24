"""The answers of the endpoints, as the OpenAPI document describes them; `shown` makes them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from currencies.api.serializers import ShownNumberField
from portfolio.api.queries import SIDES
from portfolio.days import Period, Spacing
from portfolio.leaves import MissingKind, Part
from portfolio.valuation import Dimension

MISSING_KINDS = [kind.value for kind in MissingKind]
NODES = {"type": "array", "items": {"$ref": "#/components/schemas/ExplainedNode"}}


class MissingInputSerializer(serializers.Serializer[Any]):
    """An input that is not there."""

    kind = serializers.ChoiceField(MISSING_KINDS)
    name = serializers.CharField(help_text="Of the account, the security, or the pair of currencies.")
    reason = serializers.CharField(help_text="A sentence for people.")


class LeftOutSerializer(serializers.Serializer[Any]):
    """What is not in a figure because of a missing input."""

    account_id = serializers.UUIDField()
    account_name = serializers.CharField()
    name = serializers.CharField(help_text="A symbol, or what part of the account it is.")
    amount = ShownNumberField(allow_null=True, help_text="In its own currency, where it is known.")
    currency_code = serializers.CharField(allow_null=True)


class FigureSerializer(serializers.Serializer[Any]):
    """An amount that says whether it is complete. A missing input is left out and named, never taken for 0 or 1."""

    figure = serializers.CharField(help_text="Its name, for `explain`.")
    value = ShownNumberField(allow_null=True, help_text="Rounded to the minor unit; null when nothing is known.")
    currency_code = serializers.CharField()
    complete = serializers.BooleanField(help_text="False when the value is only a part of the figure.")
    missing = MissingInputSerializer(many=True, help_text="The first of them, at most 50.")
    missing_count = serializers.IntegerField(help_text="How many there are.")
    left_out = LeftOutSerializer(many=True, help_text="The first of them, at most 20.")
    left_out_count = serializers.IntegerField(help_text="How many there are.")
    oldest_input_on = serializers.DateField(
        allow_null=True, help_text="The day of the oldest recorded value, close or rate in it."
    )


class SliceSerializer(FigureSerializer):
    """A part of a whole."""

    key = serializers.CharField(help_text="Stable: an id, a code, a word.")
    name = serializers.CharField(help_text="For people.")
    share = ShownNumberField(
        allow_null=True, help_text="Of the known parts of the whole, as a ratio to four places; they add up to 1."
    )
    share_complete = serializers.BooleanField(help_text="False when the whole is not complete: it is a share of less.")


class ChangeSerializer(FigureSerializer):
    """By how much net worth has changed."""

    period = serializers.ChoiceField([period.value for period in Period])
    since = serializers.DateField(help_text="The day that is compared with.")
    then = ShownNumberField(allow_null=True, help_text="Net worth on that day.")
    percent = ShownNumberField(
        allow_null=True,
        help_text="Of what it was then; null when that was nothing, and when the two days miss different things.",
    )


class SpanSerializer(serializers.Serializer[Any]):
    """The days of some inputs."""

    oldest_on = serializers.DateField(allow_null=True)
    newest_on = serializers.DateField(allow_null=True)


class FreshnessSerializer(serializers.Serializer[Any]):
    """Of which days the inputs are."""

    prices = SpanSerializer()
    rates = SpanSerializer()
    values = SpanSerializer()


class DashboardSerializer(serializers.Serializer[Any]):
    """A household at a glance."""

    on = serializers.DateField()
    currency_code = serializers.CharField()
    net_worth = FigureSerializer(help_text="Assets minus liabilities.")
    assets = FigureSerializer()
    liabilities = FigureSerializer(help_text="What is owed, positive.")
    cash = FigureSerializer(help_text="The part of the assets that is not in securities.")
    invested = FigureSerializer(help_text="The part of the assets that is.")
    changes = ChangeSerializer(many=True)
    by_account_type = SliceSerializer(many=True)
    by_institution = SliceSerializer(many=True)
    by_currency = SliceSerializer(many=True)
    by_asset_class = SliceSerializer(many=True)
    top_holdings = SliceSerializer(many=True, help_text="By security; shares are of all assets.")
    freshness = FreshnessSerializer()


class AllocationSerializer(serializers.Serializer[Any]):
    """Assets or liabilities, divided by something."""

    on = serializers.DateField()
    by = serializers.ChoiceField([by.value for by in Dimension])
    of = serializers.ChoiceField(SIDES)
    total = FigureSerializer()
    parts = SliceSerializer(many=True)


class ValuationPartSerializer(serializers.Serializer[Any]):
    """One amount that an account consists of."""

    name = serializers.CharField()
    part = serializers.ChoiceField([part.value for part in Part])
    amount = ShownNumberField(allow_null=True, help_text="In its own currency, not rounded.")
    amount_currency_code = serializers.CharField(allow_null=True)
    value = ShownNumberField(allow_null=True, help_text="In the currency asked for, rounded.")
    as_of = serializers.DateField(allow_null=True, help_text="The day of the recorded value or the close.")


class UnreconciledSerializer(serializers.Serializer[Any]):
    """What was recorded as being in securities, less what the holdings were worth on the day of that record."""

    amount = ShownNumberField(help_text="In the account's currency, not rounded; negative when they were worth more.")
    currency_code = serializers.CharField()
    on = serializers.DateField(help_text="The day of the recorded value.")
    is_material = serializers.BooleanField(help_text="Whether the account is incomplete for it.")


class ValuationSerializer(FigureSerializer):
    """What an account is worth, and of what."""

    account_id = serializers.UUIDField()
    account_name = serializers.CharField()
    is_asset = serializers.BooleanField(help_text="False when the value is owed.")
    on = serializers.DateField()
    parts = ValuationPartSerializer(many=True)
    unreconciled = UnreconciledSerializer(
        allow_null=True,
        help_text="Null without holdings, without a recorded value that says what is cash, and when a holding that has "
        "no price on that day may be the difference.",
    )


class NetWorthPointSerializer(serializers.Serializer[Any]):
    """Net worth on a day."""

    date = serializers.DateField()
    net_worth = ShownNumberField(allow_null=True)
    assets = ShownNumberField(allow_null=True)
    liabilities = ShownNumberField(allow_null=True)
    complete = serializers.BooleanField()
    missing = serializers.ListField(
        child=serializers.IntegerField(),
        help_text="Places in the list of what is missing, from 0: the first of them, at most 20.",
    )
    missing_count = serializers.IntegerField(help_text="How much is missing on this day, listed or not.")
    oldest_input_on = serializers.DateField(allow_null=True)


class AccountSeriesSerializer(serializers.Serializer[Any]):
    """The value of one account on the day of each point."""

    account_id = serializers.UUIDField()
    name = serializers.CharField()
    is_asset = serializers.BooleanField(help_text="False when the values are owed.")
    values = serializers.ListField(child=ShownNumberField(allow_null=True))


class MissingInSeriesSerializer(MissingInputSerializer):
    """An input that is not there on some of the days. Between the first and the last of them it may be there."""

    first_on = serializers.DateField(help_text="The first point that lacks it.")
    last_on = serializers.DateField(help_text="The last point that lacks it.")


class NetWorthSerializer(serializers.Serializer[Any]):
    """Net worth over time."""

    currency_code = serializers.CharField()
    interval = serializers.ChoiceField([spacing.value for spacing in Spacing])
    missing = MissingInSeriesSerializer(
        many=True, help_text="The first of them, at most 200; a point names what it lacks by its place in this list."
    )
    missing_count = serializers.IntegerField(help_text="How much is missing on any day, listed or not.")
    points = NetWorthPointSerializer(many=True)
    accounts = AccountSeriesSerializer(many=True, help_text="Empty unless asked for by account.")


class InputSerializer(serializers.Serializer[Any]):
    """A number that somebody recorded or published."""

    kind = serializers.ChoiceField(["account", "value", "cash", "holding", "split", "price", "rate"])
    id = serializers.CharField(allow_null=True, help_text="Of its row; null for a rate, which its pair and day name.")
    name = serializers.CharField()
    on = serializers.DateField()
    value = serializers.CharField(help_text="Exactly: a decimal, or a ratio such as 10/3.")
    currency_code = serializers.CharField(allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment]


class ExplainedNodeSerializer(serializers.Serializer[Any]):
    """A value and what it is made from. The exact values of the leaves add up to that of the figure.

    At most 500 leaves are shown: the largest, and among them at most 100 that are left out. The others of an account
    are the last of its children, named "N more", and accounts of which none is shown are together "N more accounts".
    Smaller figures, such as `account:ID` or `security:ID`, show them.
    """

    name = serializers.CharField()
    formula = serializers.CharField()
    value = ShownNumberField(allow_null=True, help_text="Rounded to the minor unit.")
    exact = serializers.CharField(allow_null=True, help_text="A decimal, or a ratio such as 10/3.")
    currency_code = serializers.CharField()
    missing = MissingInputSerializer(many=True, help_text="The first of them, at most 50.")
    missing_count = serializers.IntegerField(help_text="How many there are.")
    inputs = InputSerializer(many=True)
    children = serializers.SerializerMethodField()

    @extend_schema_field(NODES)
    def get_children(self, node: Any) -> Any:
        """Return the nodes below."""
        return node["children"]


class ExplanationSerializer(FigureSerializer):
    """A figure with the tree behind it."""

    on = serializers.DateField()
    exact = serializers.CharField(allow_null=True, help_text="A decimal, or a ratio such as 10/3.")
    tree = ExplainedNodeSerializer()
