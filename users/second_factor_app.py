"""django-otp's app of devices, under a name for people."""

from django_otp.plugins.otp_totp.apps import DefaultConfig


class SecondFactorsConfig(DefaultConfig):  # type: ignore[misc]  # the library has no types
    """The devices that give codes."""

    verbose_name = "Second factors"
