"""Signals of consent → one verdict. Pure: no network, no clock, no files.

    robots.txt: lines about use ─┐
    /.well-known/tdmrep.json ────┤
    /ai.txt ─────────────────────┼──▶ statements ──policy──▶ judgement: may it be trained on, may it be indexed,
    RSL licences ────────────────┤                           and which statement refuses it
    headers, of redirects too ───┤
    XMP, credentials in the image┤
    meta of its page ────────────┘

Whether something may be *fetched* is robots.txt's to say (``crawler/robots``); what may be done with it is said here.
Both stay with an image, so that a later purpose can be judged without asking again. What each signal means, and where
we judge otherwise than its letter, stands in a table: ``tests/crawler/consent/cases.py``.
"""

from synsift.crawler.consent.policy import DEFAULT_POLICY, PROFILES, Judgement, Policy, judge
from synsift.crawler.consent.statement import Kind, Say, Statement

__all__ = ["DEFAULT_POLICY", "PROFILES", "Judgement", "Kind", "Policy", "Say", "Statement", "judge"]
