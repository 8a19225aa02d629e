"""The log: one interface, SQLite for one machine."""
