"""Accounts, what was in them when, and the securities they hold."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Lower
from django.utils import timezone

from accounts import market_figures, meaning, naming
from accounts.market_figures import MarketFigures
from accounts.validators import require_not_ahead, require_positive
from finances import history, owners
from finances.constraints import FieldCheck, FieldUnique, Key, Reference
from finances.fields import ExactDecimalField
from finances.history import OwnedRecords, RecordedQuerySet
from finances.local_days import day_of
from finances.models import OwnedModel, owner_field
from securities.actions import Action, ActionKind
from securities.adjustment import LaterSplits
from securities.intervals import Interval
from securities.models import SecurityAction, SecurityPrice

MAX_INTEREST_RATE = 100  # percent a year
# Twenty digits before the point, for the smallest currency; eight behind it, for the dearest.
AMOUNT_DIGITS, AMOUNT_PLACES = 28, 8
COST_PLACES = 10  # as fine as prices are


class AccountType(models.TextChoices):
    """What kind of account it is. What is in a liability is owed, and positive."""

    CHECKING = "checking", "Checking"
    SAVINGS = "savings", "Savings"
    TFSA = "tfsa", "TFSA"
    RRSP = "rrsp", "RRSP"
    FHSA = "fhsa", "FHSA"
    MARGIN = "margin", "Margin"
    CREDIT_CARD = "credit_card", "Credit card"
    LINE_OF_CREDIT = "line_of_credit", "Line of credit"
    PAYMENT_PLAN = "payment_plan", "Payment plan"
    MORTGAGE = "mortgage", "Mortgage"


LIABILITY_TYPES = frozenset(
    {AccountType.CREDIT_CARD, AccountType.LINE_OF_CREDIT, AccountType.PAYMENT_PLAN, AccountType.MORTGAGE}
)
INVESTMENT_TYPES = frozenset({AccountType.TFSA, AccountType.RRSP, AccountType.FHSA, AccountType.MARGIN})


class AccountQuerySet(RecordedQuerySet):
    """Accounts by side of the balance sheet, and with what is in them."""

    def assets(self) -> Self:
        """Keep what is owned."""
        return self.exclude(account_type__in=LIABILITY_TYPES)

    def liabilities(self) -> Self:
        """Keep what is owed."""
        return self.filter(account_type__in=LIABILITY_TYPES)

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete the accounts, with their values and holdings at once: there may be thousands."""
        with transaction.atomic(using=self.db):
            self.delete_parts()
            return super().delete()

    def delete_parts(self) -> None:
        """Delete all that is in the accounts, and record each deletion."""
        owners.hold(self.order_by().values_list("user_id", flat=True).distinct())
        keys = list(self.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
        for part in (AccountValue, Holding):
            part.objects.filter(account_id__in=keys).delete_at_once()

    def with_current_balance(self, *, before: Any) -> Self:
        """Add ``current_balance``, ``current_cash_balance`` and ``current_balance_at``: the latest ``before`` then."""
        latest = AccountValue.objects.filter(account=OuterRef("pk"), timestamp__lt=before).order_by("-timestamp")
        return self.annotate(
            current_balance=Subquery(latest.values("value")[:1]),
            current_cash_balance=Subquery(latest.values("cash_balance")[:1]),
            current_balance_at=Subquery(latest.values("timestamp")[:1]),
        )


class Account(OwnedModel):
    """Something that holds money or securities of its owner, or that the owner owes, in one currency."""

    user = owner_field(db_index=False)
    name = models.CharField(max_length=100)
    account_type = models.CharField(max_length=20, choices=AccountType)
    description = models.CharField(max_length=500, blank=True)
    financial_institution = models.ForeignKey(
        "institutions.FinancialInstitution", on_delete=history.forget, null=True, blank=True, related_name="accounts"
    )
    # The index is below, without the second one by pattern that PostgreSQL would get.
    currency = models.ForeignKey("currencies.Currency", on_delete=models.PROTECT, related_name="+", db_index=False)
    is_investment_account = models.BooleanField(default=False, help_text="Whether it may hold securities.")
    interest_rate = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(MAX_INTEREST_RATE)],
        help_text="Percent a year.",
    )

    objects = AccountQuerySet.as_manager()  # type: ignore[misc]
    history = OwnedRecords(
        no_db_index=["currency", "financial_institution"],
        verbose_name="change of an account",
        verbose_name_plural="changes of accounts",
    )

    class Meta:
        base_manager_name = "objects"
        ordering = ("name", "id")
        constraints = (
            FieldUnique(
                "user",
                Lower("name"),
                field="name",
                name="account_name_unique",
                violation_error_code="duplicate",
                violation_error_message="You have an account of this name.",
            ),
            models.CheckConstraint(
                condition=Q(account_type__in=AccountType.values),
                name="account_type_known",
                violation_error_message="There is no such type of account.",
            ),
            models.CheckConstraint(
                condition=Q(interest_rate__gte=0, interest_rate__lte=MAX_INTEREST_RATE),
                name="account_interest_rate_range",
                violation_error_message="An interest rate is between 0 and 100 percent.",
            ),
            FieldCheck(
                field="is_investment_account",
                condition=Q(is_investment_account=False) | ~Q(account_type__in=sorted(LIABILITY_TYPES)),
                name="account_liability_not_for_investments",
                violation_error_message="What is owed holds no securities: a liability is no investment account.",
            ),
            Key(fields=("id", "user"), name="account_of_owner"),
            Key(fields=("id", "is_investment_account"), name="account_for_investments"),
            Reference(
                fields=("financial_institution", "user"), to_fields=("id", "user"), name="account_institution_of_owner"
            ),
        )
        indexes = (models.Index(fields=("currency",), name="account_currency"),)

    def __str__(self) -> str:
        return self.name

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the account, with its values and holdings at once."""
        with transaction.atomic():
            Account.objects.filter(pk=self.pk).delete_parts()
            return super().delete(*args, **kwargs)

    @property
    def is_asset(self) -> bool:
        """Whether what is in it is owned; otherwise it is owed."""
        return self.account_type not in LIABILITY_TYPES

    def clean(self) -> None:
        """Check what concerns other rows, too.

        Raises:
            ValidationError: what is in it would come to mean something else, or its institution is another's.
        """
        super().clean()
        if not self._state.adding:
            meaning.require_same(self.stored or Account.objects.get(pk=self.pk), self)
        if self.financial_institution is not None and self.financial_institution.user_id != self.user_id:
            raise ValidationError({"financial_institution": "This institution belongs to somebody else."})


class AccountPart(OwnedModel):
    """A private row that is part of an account: it has the account's owner, and goes with the account."""

    account: models.ForeignKey[Account, Account]
    account_id: Any
    lasting_fields: tuple[str, ...] = ("user", "account")
    day_field = "timestamp"

    class Meta:
        abstract = True

    def clean(self) -> None:
        """Take over the owner of the account, where one was chosen."""
        super().clean()
        if self.account_id is not None:
            self.user_id = self.account.user_id


class AccountValue(AccountPart):
    """What an account was worth at an instant, as its owner recorded it, in the account's currency.

    Of an investment account ``value`` is all of it, and ``cash_balance`` the part that is not in securities.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="recorded_values", db_index=False)
    timestamp = models.DateTimeField(default=timezone.now, validators=[require_not_ahead])
    value = ExactDecimalField(max_digits=AMOUNT_DIGITS, decimal_places=AMOUNT_PLACES)
    cash_balance = ExactDecimalField(max_digits=AMOUNT_DIGITS, decimal_places=AMOUNT_PLACES, null=True, blank=True)

    objects = RecordedQuerySet.as_manager()  # type: ignore[misc]
    history = OwnedRecords(verbose_name="change of an account value", verbose_name_plural="changes of account values")

    class Meta:
        base_manager_name = "objects"
        ordering = ("-timestamp", "-id")
        constraints = (
            FieldUnique(
                field="timestamp",
                fields=("account", "timestamp"),
                name="account_value_unique",
                violation_error_code="duplicate",
                violation_error_message="There is a value of this account for this instant.",
            ),
            Reference(fields=("account", "user"), to_fields=("id", "user"), name="account_value_of_owner"),
        )
        indexes = (  # the first holds all that the current balance needs, so that the table itself is not read
            models.Index(fields=("account", "-timestamp", "value", "cash_balance"), name="account_value_latest"),
            models.Index(fields=("-timestamp", "-id"), name="account_value_newest"),
        )

    def __str__(self) -> str:
        return naming.name_of_value(self)

    def clean(self) -> None:
        """Check what depends on the account.

        No constraint of the database: what an earlier version took stays until somebody corrects it.

        Raises:
            ValidationError: it is an investment account, and nothing says how much of it is cash, or it is more than
                all of it.
        """
        super().clean()
        if self.account_id is None or not self.account.is_investment_account:
            return
        if self.cash_balance is None:
            raise ValidationError(
                {"cash_balance": ValidationError("An investment account needs its cash balance.", code="required")}
            )
        # Borrowed cash is negative, and so is what is worth less than it.
        if self.value is not None and self.cash_balance > self.value:
            message = "The cash is a part of the value, which cannot be less: securities are worth nothing or more."
            raise ValidationError({"cash_balance": ValidationError(message, code="cash_exceeds_value")})


class HoldingQuerySet(RecordedQuerySet):
    """Holdings, and with what they would sell for."""

    def with_current_price(self, *, oldest: Any, before: Any) -> Self:
        """Add what `Holding.figures` and `Holding.quantity_on` a day need, in a fixed number of queries.

        ``current_price`` and ``current_price_at`` are the newest daily close since ``oldest`` and ``before`` another
        instant, both of `market_figures.price_window` of that day, as traded; None when there is none.
        """
        within = {"timestamp__gte": oldest, "timestamp__lt": before}
        closes = SecurityPrice.objects.filter(security=OuterRef("security"), interval=Interval.DAY, **within)
        newest = closes.order_by("-timestamp")
        splits = SecurityAction.objects.filter(kind=ActionKind.SPLIT)
        return (
            self.annotate(
                current_price=Subquery(newest.values("close")[:1]),
                current_price_at=Subquery(newest.values("timestamp")[:1]),
            )
            .select_related("security", "user")
            .prefetch_related(Prefetch("security__actions", queryset=splits, to_attr="splits"))
        )


class Holding(AccountPart):
    """How much of a security an account held as of an instant, and what one unit cost on average.

    Splits after the day of ``timestamp`` are not in ``quantity``; whoever values the holding later applies them.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="holdings", db_index=False)
    security = models.ForeignKey("securities.Security", on_delete=models.PROTECT, related_name="holdings")
    quantity = ExactDecimalField(max_digits=AMOUNT_DIGITS, decimal_places=AMOUNT_PLACES, validators=[require_positive])
    average_cost = ExactDecimalField(
        max_digits=AMOUNT_DIGITS,
        decimal_places=COST_PLACES,
        validators=[MinValueValidator(0)],
        help_text="Of one unit, in the holding's currency.",
    )
    currency = models.ForeignKey(
        "currencies.Currency",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="Of the average cost; that of the security's prices when empty.",
    )
    timestamp = models.DateTimeField(default=timezone.now, validators=[require_not_ahead], verbose_name="as of")
    # Says what its account is, so that the database can compare; false of what an earlier version let into a liability.
    in_investment_account = models.BooleanField(default=True, db_default=True, editable=False)
    lasting_fields = ("user", "account", "security")

    objects = HoldingQuerySet.as_manager()  # type: ignore[misc]
    history = OwnedRecords(
        no_db_index=["currency", "security"],
        excluded_fields=["in_investment_account"],
        verbose_name="change of a holding",
        verbose_name_plural="changes of holdings",
    )

    class Meta:
        base_manager_name = "objects"
        ordering = ("created_at", "id")
        constraints = (
            FieldUnique(
                field="security",
                fields=("account", "security"),
                name="holding_unique",
                violation_error_code="duplicate",
                violation_error_message="The account holds this security already; change that holding.",
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0),
                name="holding_quantity_positive",
                violation_error_message="A quantity is greater than zero.",
            ),
            models.CheckConstraint(
                condition=Q(average_cost__gte=0),
                name="holding_average_cost_not_negative",
                violation_error_message="An average cost is not negative.",
            ),
            Reference(fields=("account", "user"), to_fields=("id", "user"), name="holding_of_owner"),
            Reference(
                fields=("account", "in_investment_account"),
                to_fields=("id", "is_investment_account"),
                name="holding_in_investment_account",
            ),
        )
        indexes = (models.Index(fields=("currency",), name="holding_currency"),)

    def __str__(self) -> str:
        return naming.name_of_holding(self)

    @property
    def currency_code(self) -> str | None:
        """Return the currency of the cost and of all figures; None when that of the security is unknown, too."""
        return self.currency_id or self.security.currency_id

    @property
    def as_of(self) -> dt.date:
        """Return the day of ``timestamp`` where the owner is."""
        return day_of(self.timestamp, self.user.zone)

    def splits_until(self, day: dt.date) -> Fraction:
        """Return what one unit of ``quantity`` has become by ``day``; of what `with_current_price` adds."""
        splits: list[SecurityAction] = self.security.splits  # type: ignore[attr-defined]
        if not splits:
            return market_figures.UNSPLIT
        later = LaterSplits(Action(split.date, ActionKind.SPLIT, split.value) for split in splits)
        return later.after(self.as_of) / later.after(day)

    def splits_between(self, first: dt.date, last: dt.date) -> list[SecurityAction]:
        """Return the splits from the day after ``first`` to ``last``, oldest first."""
        splits: list[SecurityAction] = self.security.splits  # type: ignore[attr-defined]
        return sorted((split for split in splits if first < split.date <= last), key=lambda split: split.date)

    def quantity_on(self, day: dt.date) -> Decimal:
        """Return the quantity in units of ``day``: after the splits since it was recorded."""
        return market_figures.after_splits(self.quantity, self.splits_until(day))

    @property
    def figures(self) -> MarketFigures:
        """Return what it cost and what it is worth at ``current_price``, which `with_current_price` adds.

        A price in an unknown or another currency than the cost is no price to compare with.
        """
        at: dt.datetime | None = self.current_price_at  # type: ignore[attr-defined]
        if at is None or self.currency_code is None or self.currency_code != self.security.currency_id:
            return market_figures.figures(quantity=self.quantity, average_cost=self.average_cost, price=None)
        price, ratio = self.current_price, self.splits_until(at.date())  # type: ignore[attr-defined]
        return market_figures.figures(quantity=self.quantity, average_cost=self.average_cost, price=price, ratio=ratio)

    def clean(self) -> None:
        """Check what depends on the account. What an earlier version let into a liability may be corrected there.

        Raises:
            ValidationError: it is new, and the account is not for investments.
        """
        super().clean()
        if self._state.adding and self.account_id is not None and not self.account.is_investment_account:
            raise ValidationError({"account": "Only an investment account may hold securities."}, code="invalid")
