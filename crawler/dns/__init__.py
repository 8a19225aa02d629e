"""Names of hosts → addresses, by asking name servers (RFC 1035), many at once.

name ──▶ NameCache ──▶ /etc/hosts ──▶ exchange with the name servers of resolv.conf, or of the configuration
            ▲                             │
            └── found, no such host ◀─────┘   as long as the answer says (RFC 2308), within bounds

Why not another's: the system's getaddrinfo blocks a thread for each name and tells no times to live; c-ares, behind
aiodns, waits five times as long as name servers took so far, and doesn't hear what comes later: a name that took two
seconds was asked ten times.
"""
