"""Banks, brokers and others who keep people's accounts."""

from django.apps import AppConfig


class InstitutionsConfig(AppConfig):
    """Financial institutions, each private to its user."""

    name = "institutions"
    verbose_name = "Financial institutions"
