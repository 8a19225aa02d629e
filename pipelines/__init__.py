"""The stages of synsift joined into a stream, its command line and its service."""
