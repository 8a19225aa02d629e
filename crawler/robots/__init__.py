"""robots.txt (RFC 9309) as a pure library: bytes → what they say to us. No network, no clock.

    body ──text.py──▶ records ──groups.py──▶ own groups ──paths.py──▶ may this URL be fetched
                                        └──▶ lines about use, for ``crawler/consent``

Our own, because every parser that we could use lets some of what the RFC forbids through: a BOM hides the first group,
a line that nobody knows ends one, a name is found within another one. ``tests/crawler/robots`` holds the cases.
"""

from synsift.crawler.robots.robots_file import Robots, UseLine, read_robots, token_of

__all__ = ["Robots", "UseLine", "read_robots", "token_of"]
