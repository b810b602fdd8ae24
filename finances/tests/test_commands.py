"""What every command shares."""

import io
import sys

import pytest
from django.core.management import CommandError, call_command

from finances import commands
from finances.commands import Report, ReportingCommand
from finances.exceptions import ConflictError, InvalidValueError


class Counting(ReportingCommand):
    """Counts to ten, and reports what it is told to."""

    def __init__(self, report=None, error=None, **options):
        super().__init__(**options)
        self._report, self._error = report, error

    def run(self, **_options):
        with self.progress(total=10, unit="steps") as advance:
            for _ in range(5):
                advance(2)
        if self._error:
            raise self._error
        return self._report


@pytest.fixture
def out():
    return io.StringIO()


def test_the_summary_is_written(out):
    call_command(Counting(Report("Ten counted."), stdout=out))

    assert out.getvalue() == "Ten counted.\n"


def test_a_dry_run_is_told(out):
    call_command(Counting(Report("Ten counted."), stdout=out), "--dry-run")

    assert out.getvalue() == "Dry run, nothing is kept: Ten counted.\n"


def test_failures_end_in_code_1_after_the_summary(out):
    with pytest.raises(CommandError) as failed:
        call_command(Counting(Report("Nine counted.", failures=("Seven was missing.",)), stdout=out))

    assert out.getvalue() == "Nine counted.\n"
    assert str(failed.value) == "Not everything went well:\nSeven was missing."
    assert failed.value.returncode == 1


def test_a_warning_is_told_apart_and_is_no_failure(out):
    err = io.StringIO()

    call_command(Counting(Report("Ten counted.", warnings=("Seven was faint.",)), stdout=out, stderr=err))

    assert (out.getvalue(), err.getvalue()) == ("Ten counted.\n", "Warning: Seven was faint.\n")


def test_an_error_of_the_domain_is_told_in_its_own_words(out):
    with pytest.raises(CommandError, match=r"^Somebody else is counting\.$"):
        call_command(Counting(error=ConflictError("Somebody else is counting."), stdout=out))


def test_what_makes_no_sense_is_refused_before_anything_is_done(out):
    class Picky(Counting):
        def validate(self, **_options):
            raise InvalidValueError("There is no such number.")

    with pytest.raises(CommandError, match=r"^There is no such number\.$"):
        call_command(Picky(error=AssertionError("It began to count."), stdout=out))


def test_in_a_log_progress_is_lines_now_and_then(out, monkeypatch):
    monkeypatch.setattr(commands, "SECONDS_BETWEEN_LINES", 0.0)

    err = io.StringIO()

    call_command(Counting(Report("Done."), stdout=out, stderr=err))

    assert err.getvalue().splitlines() == [f"{done} of 10 steps" for done in (2, 4, 6, 8, 10)]
    assert out.getvalue() == "Done.\n"


def test_on_a_terminal_progress_is_a_bar(out, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)

    call_command(Counting(Report("Done."), stdout=out))

    assert "0/10" in terminal.getvalue()
    assert out.getvalue() == "Done.\n"
