"""Tables that people import and export in the admin: CSV, XLSX and JSON, exact and within bounds. See docs/adr/0022."""
