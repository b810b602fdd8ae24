"""The irrevocable rates of the currencies that the euro replaced. Pure data.

Units per euro and the first day, as the EU Council fixed them: Regulations (EC) 2866/98, 1478/2000, 1086/2006,
1134/2007, 1135/2007, 694/2008, (EU) 671/2010, 870/2013, 851/2014, 2022/1208 and 2025/1407.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class FixedRate:
    """``rate`` units of a currency are one euro, for ever, from the day ``since``."""

    rate: Decimal
    since: date


FIRST_DAY_OF_THE_EURO = date(1999, 1, 1)

FIXED_RATES = {
    "ATS": FixedRate(Decimal("13.7603"), FIRST_DAY_OF_THE_EURO),
    "BEF": FixedRate(Decimal("40.3399"), FIRST_DAY_OF_THE_EURO),
    "DEM": FixedRate(Decimal("1.95583"), FIRST_DAY_OF_THE_EURO),
    "ESP": FixedRate(Decimal("166.386"), FIRST_DAY_OF_THE_EURO),
    "FIM": FixedRate(Decimal("5.94573"), FIRST_DAY_OF_THE_EURO),
    "FRF": FixedRate(Decimal("6.55957"), FIRST_DAY_OF_THE_EURO),
    "IEP": FixedRate(Decimal("0.787564"), FIRST_DAY_OF_THE_EURO),
    "ITL": FixedRate(Decimal("1936.27"), FIRST_DAY_OF_THE_EURO),
    "LUF": FixedRate(Decimal("40.3399"), FIRST_DAY_OF_THE_EURO),
    "NLG": FixedRate(Decimal("2.20371"), FIRST_DAY_OF_THE_EURO),
    "PTE": FixedRate(Decimal("200.482"), FIRST_DAY_OF_THE_EURO),
    "GRD": FixedRate(Decimal("340.750"), date(2001, 1, 1)),
    "SIT": FixedRate(Decimal("239.640"), date(2007, 1, 1)),
    "CYP": FixedRate(Decimal("0.585274"), date(2008, 1, 1)),
    "MTL": FixedRate(Decimal("0.429300"), date(2008, 1, 1)),
    "SKK": FixedRate(Decimal("30.1260"), date(2009, 1, 1)),
    "EEK": FixedRate(Decimal("15.6466"), date(2011, 1, 1)),
    "LVL": FixedRate(Decimal("0.702804"), date(2014, 1, 1)),
    "LTL": FixedRate(Decimal("3.45280"), date(2015, 1, 1)),
    "HRK": FixedRate(Decimal("7.53450"), date(2023, 1, 1)),
    "BGN": FixedRate(Decimal("1.95583"), date(2026, 1, 1)),
}
