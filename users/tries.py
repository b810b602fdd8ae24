"""How often somebody may try to prove who they are: with a password, or with a code of a second factor.

What counts are failed tries, and against whoever makes them: by account and address. A wider bound counts an account's
failed tries from all addresses together, of which no address can use up more than a part; where this account has
lately got in from, that bound does not ask. So who knows somebody's name keeps themselves out, and nobody else.

A try is counted before it is looked at, and taken back when it was good: those that come together cannot be more.
Names that nobody has are counted like the others, but in no more than so many counts. docs/adr/0032 says why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from finances import rate_limits, typed_text
from finances.rate_limits import Window
from users.models import User

# What is tried, and what bounds it: by account and address, and by account.
SCOPES = {"login": ("login_account", "login_everywhere"), "code": ("code_account", "code_everywhere")}
KNOWN_FOR = timedelta(days=30)
# Addresses of an account that are known at a time. Each has its place among so many, and gives way to another of it.
PLACES_KNOWN = 50
# One address may use up a fifth of what an account's tries from everywhere are bound to.
LEAST_ADDRESSES = 5
# Names that nobody has share so many counts of each kind: who makes names up does not fill the memory.
COUNTS_OF_NOBODY = 32_768
NOBODY = "nobody:"


@dataclass(frozen=True)
class Account:
    """Whose account is tried or named, or none. Where somebody has got in from is forgotten with their password."""

    identity: str
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, user: User) -> "Account":
        """Return the account of ``user``."""
        return cls(f"user:{user.pk}", user.password)

    @classmethod
    def with_device(cls, user: User, device_id: int | None) -> "Account":
        """Return the account of ``user`` as far as codes of a device are asked for; those of another count anew."""
        return cls(f"user:{user.pk}:{device_id}", user.password)

    @classmethod
    def by_login(cls, login: str) -> "Account":
        """Return whose name ``login`` is, either of the two; names that nobody has are accounts as well."""
        return cls._among(User.objects.by_login(login), login)

    @classmethod
    def by_address(cls, email: str) -> "Account":
        """Return whose address ``email`` is, which is no username; addresses that nobody has are accounts as well."""
        return cls._among(User.objects.filter(email=typed_text.normalize_email(email)), email)

    @classmethod
    def _among(cls, people: Any, named: str) -> "Account":
        """Return the first of ``people``, who are sought by what somebody is ``named``, or else nobody."""
        name = typed_text.normalize_email(named)  # as it is sought, or two of nobody's would be one with somebody's
        storable = len(name) <= typed_text.MAX_NAME_LENGTH and "\0" not in name
        known = (people if storable else User.objects.none()).order_by("pk").values_list("pk", "password").first()
        made_up = nobody(name)  # of somebody's name as well, which would take less time
        return cls(made_up) if known is None else cls(f"user:{known[0]}", known[1])

    def at(self, caller: str) -> str:
        """Return as whom to count what ``caller`` does about this account."""
        pair = f"{self.identity}:{caller}"
        made_up = nobody(pair)
        return made_up if self.identity.startswith(NOBODY) else pair


def nobody(name: str) -> str:
    """Return as whom to count what somebody may make up."""
    return f"{NOBODY}{int(rate_limits.digest_of(name), 16) % COUNTS_OF_NOBODY}"


class Try:
    """One try of an address to prove with a ``kind`` of secret, ``login`` or ``code``, to be whose an account is."""

    def __init__(self, *, kind: str, account: Account, address: str) -> None:
        """Say what is tried; nothing is counted yet."""
        self.kind, self.account, self.address = kind, account, address
        self.own: list[Window] = []
        self.everywhere: Window | None = None

    def seconds_to_wait(self) -> int | None:
        """Count the try as a failed one; return after how many seconds to try again, None when it may be looked at.

        What is refused is not counted further: whoever is refused at one address uses up nothing of the others.
        """
        by_pair, by_account = SCOPES[self.kind]
        own = self.account.at(self.address)
        narrow = rate_limits.window_of(scope=by_pair, identity=own)
        wide = rate_limits.window_of(scope=by_account, identity=self.account.identity)
        self.own = [] if narrow is None else [narrow]
        if wide is not None and not rate_limits.counter.remembers(self.place(), self.entry(self.account.password)):
            self.own.append(wide.part(own, count=max(1, wide.limit.count // LEAST_ADDRESSES)))
            self.everywhere = wide
        counted = self.own if self.everywhere is None else [*self.own, self.everywhere]
        waits = (window.seconds_to_wait() for window in counted)
        return next((seconds for seconds in waits if seconds is not None), None)

    def succeed(self, *, user: User) -> None:
        """Take back the try, forget the failed ones of this account and address, and know the address from now on."""
        for window in self.own:
            window.forget()
        if self.everywhere is not None:
            self.everywhere.take_back()
        # By the password as it is now: a hash of older parameters has been renewed.
        rate_limits.counter.remember(self.place(), self.entry(user.password), seconds=int(KNOWN_FOR.total_seconds()))

    def place(self) -> str:
        """Return the key of this address's place among those that are known of the account."""
        account = rate_limits.digest_of(self.account.identity)[:32]
        number = int(rate_limits.digest_of(f"{self.account.identity}:{self.address}"), 16) % PLACES_KNOWN
        return f"{self.kind}_known:{account}:{number}"

    def entry(self, password: str) -> str:
        """Return what is remembered there of an address from which somebody got in with ``password``, as a hash."""
        return rate_limits.digest_of(f"{self.account.identity}:{password}:{self.address}")[:32]


def know(*, user: User, meta: Mapping[str, Any]) -> None:
    """Know the address of a request by which ``user`` has proven who they are in another way, and chosen a password."""
    Try(kind="login", account=Account.of(user), address=rate_limits.client_address(meta)).succeed(user=user)
