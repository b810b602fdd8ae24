"""How passwords are hashed."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id with the parameters that OWASP's Password Storage Cheat Sheet names first: 46 MiB, one pass, one lane.

    Django's own take 100 MiB and eight threads for each sign-in, more than a small server has to spare, and threads
    that compete for its cores make the time of a sign-in uneven. A stored hash carries its parameters, and is renewed
    at the next sign-in when these change.
    """

    time_cost = 1
    memory_cost = 47_104
    parallelism = 1
