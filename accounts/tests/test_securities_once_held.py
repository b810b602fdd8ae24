"""A security that somebody holds, or once held, stays: past figures are computed from it."""

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.tests.factories import HoldingFactory
from finances.exceptions import InUseError
from finances.models import require_unused
from securities.models import Security
from securities.tests.factories import SecurityFactory

pytestmark = pytest.mark.django_db


def test_a_security_that_is_held_is_in_use():
    holding = HoldingFactory()

    with pytest.raises(InUseError):
        require_unused(holding.security)


def test_a_security_that_was_held_once_is_in_use_for_its_past():
    holding = HoldingFactory()
    security = holding.security
    holding.delete()

    with pytest.raises(InUseError):
        require_unused(security)


def test_what_is_held_can_be_synced_without_the_rest(capsys, settings):
    settings.PRICE_PROVIDERS = []
    held = HoldingFactory().security
    once_held = HoldingFactory()
    once_held.delete()
    SecurityFactory(symbol="FREE")

    with pytest.raises(CommandError) as refused:
        call_command("sync_prices", "--held")

    assert list(Security.objects.in_use()) == [held]
    assert held.symbol in str(refused.value)
    assert "0 of 1 securities done" in capsys.readouterr().out


def test_a_security_that_nobody_ever_held_is_free():
    require_unused(SecurityFactory())


def test_the_admin_does_not_delete_what_was_held_once(client, superuser):
    client.force_login(superuser)
    holding = HoldingFactory()
    security = holding.security
    holding.delete()

    response = client.post(reverse("admin:securities_security_delete", args=[security.pk]), {"post": "yes"})

    assert response.status_code == 403
    assert Security.objects.filter(pk=security.pk).exists()


def test_saving_a_security_in_the_admin_leaves_alone_what_a_sync_wrote_meanwhile(client, superuser, monkeypatch):
    """The sync writes between the moment in which the form is read and the one in which it is stored."""
    client.force_login(superuser)
    security = SecurityFactory(name="Old name")
    address = reverse("admin:securities_security_change", args=[security.pk])
    fields = client.get(address).context["adminform"].form.initial
    form = {name: "" if value is None else value for name, value in fields.items()}
    clean = Security.full_clean

    def sync_meanwhile(row, *args, **kwargs):
        Security.objects.filter(pk=security.pk).update(prices_version=7, adjustments=[["2020-08-31", "0.25", "0.25"]])
        return clean(row, *args, **kwargs)

    monkeypatch.setattr(Security, "full_clean", sync_meanwhile)

    response = client.post(address, {**form, "name": "New name"})

    security.refresh_from_db()
    assert response.status_code == 302
    assert security.name == "New name"
    assert (security.prices_version, security.adjustments) == (7, [["2020-08-31", "0.25", "0.25"]])
