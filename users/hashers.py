"""How passwords are hashed."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id with RFC 9106's second recommended option: 64 MiB, three passes, four lanes.

    Django's own parameters take 100 MiB for each sign-in, more than a small server has to spare. A stored hash
    carries its parameters, and is renewed at the next sign-in when these change.
    """

    time_cost = 3
    memory_cost = 65_536
    parallelism = 4
