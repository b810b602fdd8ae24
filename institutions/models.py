"""Financial institutions, as each user knows them."""

from django.db import models
from django.db.models.functions import Lower

from finances.constraints import FieldUnique, Key
from finances.marked import MarkedModel
from finances.models import owner_field


class InstitutionType(models.TextChoices):
    """What kind of business keeps the accounts."""

    BANK = "bank", "Bank"
    CREDIT_UNION = "credit_union", "Credit union"
    BROKERAGE = "brokerage", "Brokerage"
    INSURER = "insurer", "Insurer"
    CRYPTO_EXCHANGE = "crypto_exchange", "Crypto exchange"
    OTHER = "other", "Other"


class FinancialInstitution(MarkedModel):
    """A bank, broker or the like with whom a user has accounts."""

    user = owner_field(db_index=False)
    name = models.CharField(max_length=100)
    institution_type = models.CharField(max_length=20, choices=InstitutionType, default=InstitutionType.BANK)
    website = models.URLField(max_length=500, blank=True)

    class Meta:
        ordering = ("name", "id")
        constraints = (
            FieldUnique(
                "user",
                Lower("name"),
                field="name",
                name="institution_name_unique",
                violation_error_code="duplicate",
                violation_error_message="You have an institution of this name.",
            ),
            models.CheckConstraint(
                condition=models.Q(institution_type__in=InstitutionType.values),
                name="institution_type_known",
                violation_error_message="There is no such type of institution.",
            ),
            Key(fields=("id", "user"), name="institution_of_owner"),
        )

    def __str__(self) -> str:
        return self.name
