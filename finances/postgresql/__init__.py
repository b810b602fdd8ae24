"""Django's backend for PostgreSQL, with connections that stay open and that no request waits for without end."""
