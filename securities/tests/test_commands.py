from datetime import UTC, timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from finances.exceptions import InvalidValueError, ProviderRateLimitedError
from securities import batches
from securities.intervals import Interval
from securities.models import Security, SecurityPrice
from securities.providers import csv_files
from securities.providers.protocol import Limit
from securities.services import SecurityNotFoundError
from securities.tests.factories import SecurityFactory

YAHOO = "Date,Open,High,Low,Close,Adj Close,Volume\n2024-01-02,1,3,1,2,2,10\n2024-01-03,2,4,2,3,3,20\n"


def run(capsys, *arguments):
    call_command(*arguments)
    return capsys.readouterr().out


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "acme.csv"
    path.write_text(YAHOO)
    return path


# ---- import_prices ----


@pytest.mark.django_db
def test_a_file_is_imported_and_again_without_harm(capsys, file):
    arguments = ["import_prices", str(file), "--symbol", "acme", "--currency", "USD"]

    first, second = run(capsys, *arguments), run(capsys, *arguments)

    assert "acme.csv (yahoo, 1d): 2 rows, 2 prices new, 0 changed, 0 as they were." in first
    assert "0 prices new, 0 changed, 2 as they were." in second
    security = Security.objects.get()
    assert (security.symbol, security.currency_id, security.is_syncing) == ("ACME", "USD", False)


@pytest.mark.django_db
def test_a_dry_import_keeps_nothing(capsys, file):
    told = run(capsys, "import_prices", str(file), "--symbol", "ACME", "--currency", "USD", "--dry-run")

    assert "Dry run, nothing is kept" in told
    assert "2 prices new" in told
    assert not Security.objects.exists()


def written(tmp_path, *rows, name="prices.csv"):
    path = tmp_path / name
    path.write_text("\n".join(["Date,Close", *rows]))
    return str(path)


@pytest.mark.django_db
def test_a_file_that_disagrees_with_what_is_stored_is_refused_unless_it_replaces(capsys, tmp_path):
    arguments = ["--symbol", "ACME", "--currency", "USD"]
    right = written(tmp_path, "2024-01-02,200", "2024-01-03,202", "2024-01-04,201", "2024-01-05,203")
    wrong = written(tmp_path, "2024-01-03,10.5", "2024-01-04,10.75", "2024-01-05,11.9", name="wrong.csv")
    run(capsys, "import_prices", right, *arguments)

    with pytest.raises(
        CommandError, match=r"not the same as those of ACME that are stored .* import it with --replace"
    ):
        run(capsys, "import_prices", wrong, *arguments)
    refused = [float(price.close) for price in SecurityPrice.objects.order_by("timestamp")]
    told = run(capsys, "import_prices", wrong, *arguments, "--replace")

    assert refused == [200, 202, 201, 203]
    assert "3 changed" in told
    assert [float(price.close) for price in SecurityPrice.objects.order_by("timestamp")] == [200, 10.5, 10.75, 11.9]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("interval", "days", "stored"),
    [
        ("1wk", ["2026-10-02", "2026-10-09", "2026-10-16"], ["2026-09-28", "2026-10-05", "2026-10-12"]),
        ("1mo", ["2026-08-31", "2026-09-30", "2026-10-30"], ["2026-08-01", "2026-09-01", "2026-10-01"]),
        ("1wk", ["2026-11-23", "2026-11-24", "2026-11-25"], ["2026-11-23"]),
    ],
)
def test_weeks_and_months_are_stored_by_their_first_days(capsys, tmp_path, interval, days, stored):
    path = written(tmp_path, *(f"{day},{100 + number}" for number, day in enumerate(days)))

    told = run(capsys, "import_prices", path, "--symbol", "ACME", "--currency", "USD", "--interval", interval)

    prices = SecurityPrice.objects.order_by("timestamp")
    assert [str(price.timestamp.date()) for price in prices] == stored
    assert ("Held back: 2 duplicate." in told) == (len(stored) == 1)


@pytest.mark.django_db
def test_what_came_from_a_file_is_synced_by_name_only(capsys, file):
    run(capsys, "import_prices", str(file), "--symbol", "ACME", "--currency", "USD")

    told = "0 of 0 securities done. 1 left out, with prices from files alone."
    assert told in run(capsys, "sync_prices", "--all")
    assert told in run(capsys, "sync_prices", "--all", "--quotes")
    assert told in run(capsys, "sync_securities", "--all")


@pytest.mark.django_db
def test_a_fall_that_may_be_a_split_is_taken_and_named(capsys, tmp_path):
    path = written(tmp_path, "2020-08-27,500.04", "2020-08-28,499.23", "2020-08-31,129.04", "2020-09-01,134.18")

    told = run(capsys, "import_prices", path, "--symbol", "AAPL", "--currency", "USD")

    assert "4 prices new" in told
    assert "no split that is known explains it: 2020-08-31 (3.869 times). Look whether it split then" in told


@pytest.mark.django_db
def test_a_split_of_two_on_a_day_of_rising_prices_is_named_with_the_crash(capsys, tmp_path):
    """Apple's closes around its splits of 2000-06-21 and 2005-02-28, and around its fall of 2000-09-29."""
    closes = ["2000-06-20,101.25", "2000-06-21,55.63", "2000-09-28,53.50", "2000-09-29,25.75", "2000-10-02,24.25"]
    path = written(tmp_path, *closes, "2005-02-25,88.99", "2005-02-28,44.86")

    told = run(
        capsys, "import_prices", path, "--symbol", "AAPL", "--currency", "USD", "--interval", "1d", "--as-traded"
    )

    assert "2000-06-21 (1.82 times), 2000-09-29 (2.078 times)" in told
    assert "2005-02-28 (1.984 times)" in told


@pytest.mark.django_db
def test_one_bad_file_does_not_stop_the_others_but_fails_the_command(capsys, file, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("nothing")

    with pytest.raises(CommandError, match=r"bad\.csv: bad\.csv cannot be read: its first line names no date"):
        run(
            capsys,
            "import_prices",
            str(bad),
            str(tmp_path / "none.csv"),
            str(file),
            "--symbol",
            "A",
            "--currency",
            "USD",
        )

    assert SecurityPrice.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--symbol", "A B", "--currency", "USD"], "A symbol has up to 32"),
        (["--symbol", "ACME", "--currency", "QQQ"], "There is no currency QQQ"),
    ],
)
def test_a_bad_symbol_or_currency_is_refused(capsys, file, options, complaint):
    with pytest.raises(CommandError, match=complaint):
        run(capsys, "import_prices", str(file), *options)

    assert not Security.objects.exists()


@pytest.mark.django_db
def test_another_currency_than_the_stored_one_is_refused(capsys, file):
    SecurityFactory(symbol="ACME", currency_id="EUR")

    with pytest.raises(CommandError, match="come in USD; the stored ones are in EUR"):
        run(capsys, "import_prices", str(file), "--symbol", "ACME", "--currency", "USD")

    assert not SecurityPrice.objects.exists()
    assert not Security.objects.get().is_syncing


@pytest.mark.django_db
def test_rows_that_cannot_be_read_are_told(capsys, file):
    file.write_text(f"{YAHOO}2024-01-04,1,1,1,x,1,1\n")

    told = run(capsys, "import_prices", str(file), "--symbol", "ACME", "--currency", "USD")

    assert "1 rows skipped, the first in line 4: 'x' is not a number." in told


# ---- sync_prices ----


@pytest.fixture
def three(shelf, db):
    for symbol in ("AAA", "BBB", "CCC"):
        SecurityFactory(symbol=symbol)
        shelf.put(symbol, closes=[100, 101])
    return shelf


def test_all_are_synced_and_a_second_time_without_change(capsys, three):
    with time_machine.travel("2026-03-03T22:00Z", tick=False):
        first, second = run(capsys, "sync_prices", "--all"), run(capsys, "sync_prices", "--all")

    assert "3 of 3 securities done: 6 prices new, 0 changed, 0 as they were." in first
    assert "3 of 3 securities done: 0 prices new, 0 changed, 6 as they were." in second


def test_what_the_provider_keeps_no_more_is_said_once_for_all(capsys, three):
    three.limits[Interval.DAY] = Limit(days_back=30)

    with time_machine.travel("2026-03-03T22:00Z", tick=False):
        told = run(capsys, "sync_prices", "--all", "--since", "2020-01-01")

    assert told.count("The shelf keeps prices by 1d for 30 days; older ones cannot be had.") == 1


def test_those_that_are_named_are_synced_and_new_ones_added(capsys, three):
    three.put("DDD", closes=[1, 2, 3])

    told = run(capsys, "sync_prices", "aaa", "ddd")

    assert "2 of 2 securities done: 5 prices new" in told
    assert SecurityPrice.objects.filter(security__symbol="DDD").count() == 3


def test_one_that_fails_is_told_and_the_others_go_on(capsys, three):
    del three.items["BBB"]

    with pytest.raises(CommandError, match=r"BBB: The shelf has no BBB\."):
        run(capsys, "sync_prices", "--all")

    assert "2 of 3 securities done: 4 prices new, 0 changed, 0 as they were. Not done: 1 provider not found." in (
        capsys.readouterr().out
    )


def test_one_that_somebody_else_syncs_is_left_out_and_no_failure(capsys, three):
    Security.objects.filter(symbol="BBB").update(sync_started_at=timezone.now())

    assert "Not done: 1 sync running." in run(capsys, "sync_prices", "--all")


def test_when_the_provider_wants_rest_the_others_are_left_out(capsys, three):
    three.failure = ProviderRateLimitedError("The shelf asks for patience.")

    with pytest.raises(CommandError, match=r"AAA: The shelf asks for patience\.$"):
        run(capsys, "sync_prices", "--all")

    assert "Not done: 2 left out for the provider to rest, 1 provider rate limited." in capsys.readouterr().out
    assert len(three.asked("history")) == 1


def test_what_was_done_before_an_interruption_is_kept(capsys, three):
    def interrupt():
        if len(three.asked("history")) == 2:
            raise KeyboardInterrupt

    three.during_history = interrupt

    with pytest.raises(CommandError, match="Interrupted; what was done is kept"):
        run(capsys, "sync_prices", "--all")

    assert SecurityPrice.objects.values("security").distinct().count() == 1
    assert not any(security.is_syncing for security in Security.objects.all())


def test_the_next_run_begins_with_what_waited_longest(three):
    now = timezone.now()
    Security.objects.filter(symbol="AAA").update(last_synced_at=now)
    Security.objects.filter(symbol="CCC").update(last_synced_at=now - timedelta(days=1))
    SecurityFactory(symbol="OLD", unknown_since=now - timedelta(days=8))

    assert batches.worthwhile(Security.objects.all()) == ["BBB", "CCC", "AAA"]
    assert batches.left_out(Security.objects.all()) == "1 left out, not known to any provider for a week."
    assert batches.left_out(Security.objects.exclude(symbol="OLD")) == ""


def test_a_dry_sync_keeps_nothing(capsys, three):
    told = run(capsys, "sync_prices", "--all", "--dry-run")

    assert "Dry run, nothing is kept: 3 of 3 securities done: 6 prices new" in told
    assert not SecurityPrice.objects.exists()
    with pytest.raises(CommandError, match="DDD is not stored; a dry run adds nothing"):
        run(capsys, "sync_prices", "DDD", "--dry-run")


def test_what_was_held_back_is_told(capsys, three):
    three.put("AAA", closes=[100, 101, 3, 102])

    assert "AAA: Held back: 1 spike." in run(capsys, "sync_prices", "AAA")


@pytest.mark.django_db
@pytest.mark.parametrize("arguments", [[], ["AAA", "--all"]])
@pytest.mark.parametrize("command", ["sync_prices", "sync_securities"])
def test_either_some_or_all(capsys, command, arguments):
    with pytest.raises(CommandError, match="Name some symbols, or give --all"):
        run(capsys, command, *arguments)


def test_a_file_that_is_not_there_is_told_without_numbers_of_the_system(tmp_path):
    with pytest.raises(InvalidValueError, match=r"^none\.csv cannot be read: No such file or directory\.$"):
        csv_files.read(tmp_path / "none.csv", symbol="ACME", interval=None, zone=UTC)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--since", "tomorrow"], "argument --since: tomorrow is no day; write it as YYYY-MM-DD"),
        (["--workers", "0"], "argument --workers: 0 is no number of workers from 1 to 32"),
        (["--workers", "1000"], "argument --workers: 1000 is no number of workers from 1 to 32"),
        (["--workers", "two"], "argument --workers: two is no number of workers from 1 to 32"),
        (["--since", "2999-01-01"], "2999-01-01 is still to come; there are no prices since then."),
    ],
)
def test_what_cannot_be_asked_for_is_refused(capsys, arguments, complaint):
    with pytest.raises(CommandError, match=complaint):
        run(capsys, "sync_prices", "AAA", *arguments)


@pytest.mark.django_db
def test_one_that_is_named_twice_is_synced_once(capsys, three):
    assert "1 of 1 securities done" in run(capsys, "sync_prices", "AAA", "aaa", "AAA")

    assert len(three.asked("history")) == 1


def test_several_workers_finish_everything(monkeypatch):
    def work(name):
        if name == "7":
            raise SecurityNotFoundError("There is no 7.")

    outcome = batches.run([str(number) for number in range(20)], work, workers=4)

    assert (outcome.done, outcome.failures) == (19, ["7: There is no 7."])


def test_several_workers_stop_when_the_provider_wants_rest():
    def work(name):
        raise ProviderRateLimitedError("Slower.")

    outcome = batches.run([str(number) for number in range(20)], work, workers=4)

    assert outcome.reasons["provider rate limited"] <= 4
    assert sum(outcome.reasons.values()) == 20


@pytest.mark.django_db(transaction=True)
def test_workers_sync_with_connections_of_their_own(capsys, three):
    assert "3 of 3 securities done: 6 prices new" in run(capsys, "sync_prices", "--all", "--workers", "3")


# ---- sync_securities ----


def test_profiles_are_brought_up_to_date(capsys, three):
    three.put("AAA", closes=[]).profile = three.items["AAA"].profile.__class__("AAA", name="New", sector="Tools")

    assert "3 of 3 securities done." in run(capsys, "sync_securities", "--all")

    security = Security.objects.get(symbol="AAA")
    assert (security.name, security.sector) == ("New", "Tools")


def test_a_dry_run_changes_no_profile_and_an_unknown_one_fails(capsys, three):
    run(capsys, "sync_securities", "--all", "--dry-run")
    with pytest.raises(CommandError, match="There is no security NOPE"):
        run(capsys, "sync_securities", "NOPE")

    assert not Security.objects.exclude(name__in=["AAA Inc.", "BBB Inc.", "CCC Inc."]).exists()


@pytest.mark.django_db
def test_a_file_that_cannot_be_reached_is_told_in_plain_words():
    with pytest.raises(CommandError, match="File name too long"):
        call_command("import_prices", "a" * 300, "--symbol=ACME", "--currency=USD")
