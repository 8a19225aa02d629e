"""How long the web takes. Whoever shows them registers them with a registry of his own."""

from typing import Final

from prometheus_client import Histogram

_BUCKETS_S: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)

DNS_SECONDS: Final = Histogram(
    "synsift_crawler_dns_seconds",
    "Time of looking a name up with name servers, whatever came of it; names that are remembered don't count",
    buckets=_BUCKETS_S,
    registry=None,
)
CONNECT_SECONDS: Final = Histogram(
    "synsift_crawler_connect_seconds",
    "Time of connecting to a host, TLS included, whatever came of it; connections that are used again don't count",
    buckets=_BUCKETS_S,
    registry=None,
)
ALL: Final = (DNS_SECONDS, CONNECT_SECONDS)
