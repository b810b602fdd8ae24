"""``manage.py sync_rates``."""

from datetime import date

import pytest
from django.core.management import CommandError, call_command

from currencies.models import CurrencyRate

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sunday(stand_in, settings, time_machine):
    time_machine.move_to("2026-11-01 12:00Z")
    settings.RATE_PROVIDERS = ["open-er-api", "ecb"]


def test_todays_rates_are_stored_and_summed_up(capsys):
    call_command("sync_rates")

    assert CurrencyRate.objects.filter(base="USD", date=date(2026, 10, 30)).count() == 4
    assert capsys.readouterr().out.startswith("4 rates of USD from open.er-api.com, the newest of 2026-10-30.")


def test_another_base_and_day_can_be_had():
    call_command("sync_rates", "--base", "cad", "--date", "2015-06-07")

    assert set(CurrencyRate.objects.values_list("base", "date").distinct()) == {("EUR", date(2015, 6, 5))}


def test_all_rates_since_a_day_are_stored():
    call_command("sync_rates", "--since", "2026-10-26")

    assert CurrencyRate.objects.filter(target="USD").count() == 5


def test_the_archive_alone_is_loaded_whole_unless_a_day_is_named(stand_in):
    call_command("sync_rates", "--provider", "ecb-archive", "--date", "2015-06-07")
    one_day = CurrencyRate.objects.count()
    call_command("sync_rates", provider="ecb-archive")

    assert (one_day, CurrencyRate.objects.count()) == (31, 221_702)
    assert stand_in.received == []


def test_a_dry_run_says_so_and_keeps_nothing(capsys):
    call_command("sync_rates", "--dry-run")

    assert capsys.readouterr().out.startswith("Dry run, nothing is kept: 4 rates")
    assert CurrencyRate.objects.count() == 0


def test_a_provider_that_fails_ends_in_an_error(stand_in):
    stand_in.mode = "500"

    with pytest.raises(CommandError) as failed:
        call_command("sync_rates", "--provider", "ecb")

    assert failed.value.returncode == 1
    assert str(failed.value) == "The European Central Bank is out of order (500)."


def test_a_part_that_fails_ends_in_an_error_after_the_summary(stand_in, capsys):
    stand_in.mode = "500"

    with pytest.raises(CommandError, match="Not everything went well:\nThe European Central Bank is out of order"):
        call_command("sync_rates", "--since", "2026-10-26")

    assert capsys.readouterr().out.startswith("145 rates of EUR from ecb")


def test_the_archive_is_not_read_again_when_it_is_there(capsys):
    call_command("sync_rates", provider="ecb-archive")
    CurrencyRate.objects.filter(date=date(2015, 6, 5), target="USD").delete()
    capsys.readouterr()

    call_command("sync_rates", provider="ecb-archive")

    assert capsys.readouterr().out.startswith("The archive is loaded already")


def test_an_archive_that_was_cut_short_is_loaded_to_its_end():
    call_command("sync_rates", provider="ecb-archive")
    CurrencyRate.objects.filter(date__year__lt=2003).delete()

    call_command("sync_rates", provider="ecb-archive")

    assert CurrencyRate.objects.count() == 221_702


def test_a_key_that_expired_is_told_though_another_provider_answers(settings, capsys):
    settings.RATE_PROVIDERS = ["exchangerate-api", "open-er-api"]
    settings.EXCHANGERATE_API_KEY = "expired"

    call_command("sync_rates")

    told = capsys.readouterr()
    assert told.out.startswith("4 rates of USD from open.er-api.com")
    assert "Warning: exchangerate-api.com does not accept the API key" in told.err


def test_that_a_provider_has_no_past_is_no_warning(capsys):
    call_command("sync_rates", "--base", "EUR", "--date", "2015-06-07")

    assert "Warning" not in capsys.readouterr().err


def test_without_a_network_each_reason_is_told_once(stand_in, capsys, time_machine):
    CurrencyRate.objects.create(base_id="USD", target_id="CAD", date=date(2027, 3, 1), rate="1.3", source="test")
    time_machine.move_to("2027-03-06 12:00Z")
    stand_in.mode = "down"

    with pytest.raises(CommandError) as failed:
        call_command("sync_rates")

    told = capsys.readouterr().out
    assert told == "No rates were fetched. The newest stored rates of USD are of 2027-03-01.\n"
    assert str(failed.value).count("cannot be reached") == len(str(failed.value).splitlines()) - 2 == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["--date", "2015-06-07", "--since", "2015-06-01"],
        ["--date", "yesterday"],
        ["--since", "2015-02-30"],
        ["--provider", "yahoo"],
        ["--base", "zzz"],
    ],
)
def test_what_makes_no_sense_is_refused(stand_in, arguments):
    with pytest.raises(CommandError):
        call_command("sync_rates", *arguments)

    assert stand_in.received == []
