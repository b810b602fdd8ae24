"""What the demo household has and owes. Nobody and nothing in here exists."""

from dataclasses import dataclass
from decimal import Decimal

from accounts.demo import chance

EPOCH = 2020 * 12  # the month, counted from year 0, from which balances grow and shrink


@dataclass(frozen=True, slots=True)
class DemoSecurity:
    """A made-up security; ``start`` is its price on `prices.START`."""

    symbol: str
    name: str
    asset_class: str
    currency: str
    sector: str
    start: str


@dataclass(frozen=True, slots=True)
class DemoHolding:
    """How much of which security, at what average cost."""

    symbol: str
    quantity: str
    average_cost: str


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account whose balance begins at ``start`` and changes by ``monthly``, beginning again after ``months``.

    Chance adds up to ``spread``. Of an investment account this is the cash. What is at no ``institution`` is a thing.
    """

    name: str
    account_type: str
    institution: str | None
    currency: str
    start: int
    monthly: int
    spread: int
    rate: str | None = None
    months: int = 600
    holdings: tuple[DemoHolding, ...] = ()

    def balance(self, month: int) -> Decimal:
        """Return the balance at the end of ``month``, counted from year 0; always the same for the same month."""
        steady = self.start + self.monthly * ((month - EPOCH) % self.months)
        cents = chance.number(f"{self.name}/{month}", below=self.spread * 100 + 1)
        return Decimal(steady) + Decimal(cents).scaleb(-2)


INSTITUTIONS = {
    "Maplewood Fictional Bank": "bank",
    "Larkspur Invented Credit Union": "credit_union",
    "Imaginary Brokerage": "brokerage",
    "Bank Nirgendwo (erfunden)": "bank",
}
SECURITIES = (
    DemoSecurity("DEMO-MOOSE", "Moose & Mountain Imaginary Index ETF", "etf", "CAD", "", "28.40"),
    DemoSecurity("DEMO-ACORN", "Acorn Fictional Foods Inc.", "equity", "CAD", "Consumer Staples", "61.15"),
    DemoSecurity("DEMO-WHOLE", "Whole Pretend Market ETF", "etf", "USD", "", "104.70"),
    DemoSecurity("DEMO-ROCKT", "Rocketship Made-Up Motors Corp.", "equity", "USD", "Consumer Discretionary", "188.25"),
    DemoSecurity("DEMO-WURST", "Wurstwaren Erfunden AG", "equity", "EUR", "Consumer Staples", "42.90"),
    DemoSecurity("DEMO-BONDS", "Nowhere Government Bond ETF", "bond", "EUR", "", "97.30"),
)
BANK, UNION, BROKER, ABROAD = INSTITUTIONS
ACCOUNTS = (
    DemoAccount("Everyday chequing", "checking", BANK, "CAD", 2600, 0, 1900, "0.05"),
    DemoAccount("Rainy-day savings", "savings", UNION, "CAD", 3000, 150, 90, "2.75"),
    DemoAccount("US dollar savings", "savings", BANK, "USD", 1200, 40, 60, "1.50"),
    DemoAccount("Euro travel account", "checking", ABROAD, "EUR", 800, 0, 650),
    DemoAccount(
        "TFSA", "tfsa", BROKER, "CAD", 150, 0, 400, None, 600,
        (DemoHolding("DEMO-MOOSE", "820", "30.1250"), DemoHolding("DEMO-ACORN", "145.5", "58.40")),
    ),
    DemoAccount(
        "RRSP in US dollars", "rrsp", BROKER, "USD", 90, 0, 300, None, 600,
        (DemoHolding("DEMO-WHOLE", "312.25", "110.90"), DemoHolding("DEMO-ROCKT", "24", "201.75")),
    ),
    DemoAccount("FHSA", "fhsa", BROKER, "CAD", 60, 0, 200, None, 600, (DemoHolding("DEMO-MOOSE", "260", "31.02"),)),
    DemoAccount(
        "Margin account in euros", "margin", ABROAD, "EUR", 40, 0, 500, None, 600,
        (DemoHolding("DEMO-WURST", "190", "45.10"), DemoHolding("DEMO-BONDS", "75.125", "96.80")),
    ),
    DemoAccount("Credit card", "credit_card", BANK, "CAD", 250, 0, 1400, "19.99"),
    DemoAccount("Line of credit", "line_of_credit", UNION, "CAD", 8000, -180, 0, "7.20", 40),
    DemoAccount("Laptop in instalments", "payment_plan", BANK, "USD", 2400, -100, 0, "0", 24),
    DemoAccount("House", "savings", None, "CAD", 655_000, 1150, 0),
    DemoAccount("Mortgage", "mortgage", BANK, "CAD", 486_000, -810, 0, "4.85"),
)  # fmt: skip
