"""Who publishes exchange rates: one module each, and the only ones of this app that talk to the outside."""
