"""What people type, in one form for all its Unicode spellings."""

import unicodedata

# The longest name or address that is stored (RFC 5321), and the longest password that is taken.
MAX_NAME_LENGTH = 254
MAX_PASSWORD_LENGTH = 1000
MAX_SEARCH_LENGTH = MAX_NAME_LENGTH  # of what is looked for; SQLite fails on patterns of 50 000 characters


def one_form(text: str, *, most: int) -> str:
    """Return the NFKC form of ``text``; a text of more than ``most`` characters as it is.

    Sorting a run of combining marks takes the square of its length, so whoever may send a long one could keep a
    process busy for minutes. Nothing stored is that long, so the text is not sought either; validators refuse it.
    """
    return text if len(text) > most else unicodedata.normalize("NFKC", text)


def normalize_name(name: str) -> str:
    """Return one form for all Unicode spellings of a login, without white space around it.

    A name that is too long to be stored stays so, but no longer than that: it costs nothing to refuse or to seek.
    """
    return one_form(name.strip(), most=MAX_NAME_LENGTH).strip()[: MAX_NAME_LENGTH + 1]


def normalize_email(email: str) -> str:
    """Return the form in which an address is stored and sought: lower case, one Unicode form, no space around."""
    return normalize_name(email).lower()


def normalize_password(password: str) -> str:
    """Return one form for all Unicode spellings of a password, so that every keyboard types the same one."""
    return one_form(password, most=MAX_PASSWORD_LENGTH)
