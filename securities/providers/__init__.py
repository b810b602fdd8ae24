"""Where prices come from: a protocol, and one module for each source."""
