"""Currencies and what one of them costs in another."""

import functools
import operator
from collections.abc import Iterable
from datetime import date
from typing import Any, Self

from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import Q, Subquery

from currencies import generations, sources
from currencies.conversion import MAX_RATE_AGE, PublishedRate
from finances.fields import ExactDecimalField
from finances.marked import SharedModel, SharedQuerySet
from finances.models import TimestampedModel

CODE_PATTERN = r"^[A-Z]{3,5}$"
MAX_DECIMAL_PLACES = 8


class CurrencyQuerySet(SharedQuerySet):
    """Currencies by what they are used for."""

    def active(self) -> Self:
        """Keep the currencies that are still in use."""
        return self.filter(is_active=True)

    def matching(self, text: str) -> Self:
        """Keep the currencies whose code or name contains ``text``, whatever its case."""
        return self.filter(Q(code__icontains=text) | Q(name__icontains=text))


class Currency(SharedModel, TimestampedModel):
    """A currency by its ISO 4217 code, or by a code of three to five letters that people agree on."""

    is_kept_for_history = True

    code = models.CharField(
        max_length=5,
        primary_key=True,
        validators=[RegexValidator(CODE_PATTERN, "A currency code has three to five letters from A to Z.")],
    )
    name = models.CharField(max_length=100)
    symbol = models.CharField(max_length=10, blank=True)
    decimal_places = models.PositiveSmallIntegerField(default=2, help_text="Digits of the minor unit: 2 for cents.")
    is_active = models.BooleanField(default=True, help_text="Whether the currency is still in use.")

    objects = CurrencyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "currencies"
        ordering = ("code",)
        constraints = (
            models.CheckConstraint(
                condition=Q(code__regex=CODE_PATTERN),
                name="currency_code_form",
                violation_error_message="A currency code has three to five letters from A to Z.",
            ),
            models.CheckConstraint(
                condition=Q(decimal_places__lte=MAX_DECIMAL_PLACES),
                name="currency_decimal_places_range",
                violation_error_message=f"A currency has at most {MAX_DECIMAL_PLACES} decimal places.",
            ),
        )

    def __str__(self) -> str:
        return self.code


class CurrencyRateQuerySet(models.QuerySet["CurrencyRate"]):
    """Rates by pair and day. Every write is counted for both currencies."""

    def update(self, **values: Any) -> int:
        """Change all rows at once."""
        with transaction.atomic(using=self.db):
            keys = list(self.values_list("pk", flat=True))
            rows = CurrencyRateQuerySet(self.model, using=self.db).filter(pk__in=keys)
            before = rows.all().codes()
            count = super(CurrencyRateQuerySet, rows).update(**values)
            generations.renew(before | rows.all().codes())
        return count

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete all rows at once."""
        with transaction.atomic(using=self.db):
            generations.renew(self.codes())
            return super().delete()

    def bulk_create(self, objs: Iterable[Any], *args: Any, **options: Any) -> list[Any]:
        """Store all rows at once."""
        rows = list(objs)
        with transaction.atomic(using=self.db):
            stored = super().bulk_create(rows, *args, **options)
            generations.renew({code for rate in rows for code in (rate.base_id, rate.target_id)})
        return stored

    def codes(self) -> set[str]:
        """Return the currencies on either side of the rates; one query."""
        pairs = self.order_by().values_list("base_id", "target_id").distinct()
        return {code for pair in pairs for code in pair}

    def counting_on(self, *days: date) -> Self:
        """Keep the rates of each of ``days`` and of the days before it that still count for it."""
        weeks = (Q(date__lte=day, date__gte=day - min(MAX_RATE_AGE, day - date.min)) for day in days)
        return self.filter(functools.reduce(operator.or_, weeks))

    def involving(self, *codes: str) -> Self:
        """Keep the rates that have one of ``codes`` on either side."""
        return self.filter(Q(base_id__in=codes) | Q(target_id__in=codes))

    def published(self) -> list[PublishedRate]:
        """Return the rates as plain values, in one query."""
        rows = self.order_by().values_list("base_id", "target_id", "date", "rate", "source")
        return [PublishedRate(*row) for row in rows]

    def newest_day_of(self, source: str, *, until: date) -> date | None:
        """Return the last day up to ``until`` for which ``source`` published a rate."""
        rows = self.filter(source=source, date__lte=until).order_by("-date")
        return rows.values_list("date", flat=True).first()

    def newest_published_day(self, *, until: date) -> date | None:
        """Return the last day up to ``until`` for which any source published a rate."""
        rows = self.filter(date__lte=until).exclude(source=sources.MANUAL).order_by("-date")
        return rows.values_list("date", flat=True).first()

    def published_days(self, *, since: date, until: date) -> set[date]:
        """Return the days of the range for which any source published a rate; one query."""
        rows = self.filter(date__range=(since, until)).exclude(source=sources.MANUAL)
        return set(rows.order_by().values_list("date", flat=True).distinct())

    def newest_dates(self, code: str, day: date) -> tuple[date | None, date | None]:
        """Return the last days on or before ``day`` for which ``code`` has a rate, and one that a source published.

        One query, which looks at the ends of the indexes alone.
        """
        sides = [self.filter(date__lte=day, **{side: code}).order_by("-date") for side in ("base_id", "target_id")]
        sides += [rows.exclude(source=sources.MANUAL) for rows in sides]
        found = Currency.objects.filter(pk=code).values_list(*(Subquery(rows.values("date")[:1]) for rows in sides))
        as_base, as_target, *published = found.first() or (None,) * 4
        return max(filter(None, (as_base, as_target)), default=None), max(filter(None, published), default=None)


class CurrencyRate(TimestampedModel):
    """How many units of ``target`` one unit of ``base`` cost on ``date``, as ``source`` published it."""

    base = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="rates_as_base", db_index=False)
    target = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="rates_as_target", db_index=False)
    date = models.DateField(help_text="The day that the source gives for the rate.")
    rate = ExactDecimalField(max_digits=24, decimal_places=12, help_text="Units of the target for one of the base.")
    source = models.CharField(max_length=40, default=sources.MANUAL, help_text="Who published it.")

    objects = CurrencyRateQuerySet.as_manager()

    class Meta:
        ordering = ("-date", "base_id", "target_id")
        constraints = (
            models.UniqueConstraint(
                fields=("base", "target", "date"),
                name="currency_rate_unique",
                violation_error_code="duplicate",
                violation_error_message="There is a rate of this pair for this day.",
            ),
            models.CheckConstraint(
                condition=Q(rate__gt=0),
                name="currency_rate_positive",
                violation_error_message="A rate is greater than zero.",
            ),
            models.CheckConstraint(
                condition=~Q(base=models.F("target")),
                name="currency_rate_of_two",
                violation_error_message="A rate is between two different currencies.",
            ),
        )
        indexes = (
            models.Index(fields=("base", "date"), name="currency_rate_base_date"),
            models.Index(fields=("target", "date"), name="currency_rate_target_date"),
            models.Index(fields=("date",), name="currency_rate_date"),
            models.Index(fields=("source", "date"), name="currency_rate_source_date"),
        )

    def __str__(self) -> str:
        return f"{self.base_id}/{self.target_id} {self.date:%Y-%m-%d}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the rate, counting that of the pair it was of before, too."""
        with transaction.atomic():
            before = CurrencyRate.objects.filter(pk=self.pk).codes() if self.pk is not None else set()
            super().save(*args, **kwargs)
            generations.renew({*before, self.base_id, self.target_id})

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the rate."""
        with transaction.atomic():
            generations.renew({self.base_id, self.target_id})
            return super().delete(*args, **kwargs)
