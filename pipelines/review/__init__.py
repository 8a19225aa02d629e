"""``synsift review``: a page on which people vote, served by this program.

log ──follow──▶ Desk: open batches, who has which ──▶ server ──▶ page: keys, marks ──┐
 ▲                                                                                  │
 └───────────────────────── votes, before the next batch is shown ◀─────────────────┘
"""
