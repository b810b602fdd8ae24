"""Is all well, and what is to be done where it is not? For those who run the server; nothing here changes anything."""
