"""`clean_old_history` of django-simple-history, which would change the past here."""

from finances.history import RefusedCommand


class Command(RefusedCommand):
    """Deletes no old records."""
