"""The stages of synsift joined into a stream, its command line and its service."""

__version__ = "0.1.0"
