"""For authors of image sources: see ``synsift.crawler.sources.testing``, whose names these are."""

from synsift.crawler.sources.testing import Asked, Recorded, Server, mutated, problems_of, record, serving

__all__ = ["Asked", "Recorded", "Server", "mutated", "problems_of", "record", "serving"]
