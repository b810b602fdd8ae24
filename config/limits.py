"""Settings of how often somebody may do something, and of how much somebody may have."""

from config.guards import NamingEnv


def throttle_rates(env: NamingEnv, *, has_defaults: bool) -> dict[str, str]:
    """Return by scope, set as ``THROTTLE_<SCOPE>``, requests per s, m, h or d, such as 10/min, or off.

    Most count by address (by user, where one is signed in); those named ``*_account`` count by account and address, or
    by the account alone for which a good token speaks. Of tries to sign in, and of codes, the failed ones count, and
    ``*_everywhere`` by account (``users.tries``). Tests have no rates but those that they set.
    """

    def rate(default: str) -> str:
        return default if has_defaults else "off"

    return {
        "anon": env.str("THROTTLE_ANON", rate("120/min")),
        "user": env.str("THROTTLE_USER", rate("1200/min")),
        "health": env.str("THROTTLE_HEALTH", rate("600/min")),
        "sync": env.str("THROTTLE_SYNC", rate("30/min")),
        "fetch": env.str("THROTTLE_FETCH", rate("60/min")),
        "figures": env.str("THROTTLE_FIGURES", rate("120/min")),
        "login": env.str("THROTTLE_LOGIN", rate("30/min")),
        "login_account": env.str("THROTTLE_LOGIN_ACCOUNT", rate("10/min")),
        "login_everywhere": env.str("THROTTLE_LOGIN_EVERYWHERE", rate("100/hour")),
        "code_account": env.str("THROTTLE_CODE_ACCOUNT", rate("10/hour")),
        "code_everywhere": env.str("THROTTLE_CODE_EVERYWHERE", rate("100/day")),
        "register": env.str("THROTTLE_REGISTER", rate("20/hour")),
        "register_account": env.str("THROTTLE_REGISTER_ACCOUNT", rate("5/hour")),
        "forgot": env.str("THROTTLE_FORGOT", rate("20/hour")),
        "forgot_account": env.str("THROTTLE_FORGOT_ACCOUNT", rate("3/hour")),
        "reset": env.str("THROTTLE_RESET", rate("20/hour")),
        "reset_account": env.str("THROTTLE_RESET_ACCOUNT", rate("10/hour")),
        "verify": env.str("THROTTLE_VERIFY", rate("60/hour")),
        "refresh": env.str("THROTTLE_REFRESH", rate("120/min")),
        "refresh_account": env.str("THROTTLE_REFRESH_ACCOUNT", rate("60/min")),
        "confirm": env.str("THROTTLE_CONFIRM", rate("10/min")),
        "timezone": env.str("THROTTLE_TIMEZONE", rate("6/hour")),
        "rename": env.str("THROTTLE_RENAME", rate("10/hour")),
        "mail_recipient": env.str("THROTTLE_MAIL_RECIPIENT", rate("5/hour")),
        "mail_actor": env.str("THROTTLE_MAIL_ACTOR", rate("10/hour")),
        "recorded_values": env.str("THROTTLE_RECORDED_VALUES", rate("50000/hour")),
    }


def quotas(env: NamingEnv) -> dict[str, int]:
    """Return how many rows of a kind a person may have; nobody comes near, but a script that went wrong."""
    return {
        "institutions": env.int("MAX_INSTITUTIONS", 1000),
        "accounts": env.int("MAX_ACCOUNTS", 1000),
        "values_per_account": env.int("MAX_VALUES_PER_ACCOUNT", 100_000),
        "holdings": env.int("MAX_HOLDINGS", 5000),
    }
