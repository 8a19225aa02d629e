"""Consensus: what follows from votes on images. Pure: no log, no store, no clock; NumPy alone.

    ballots: which votes count ──▶ table, voters: how sure is each image ──▶ verdicts ──▶ asking: who is asked next
                                                                              └──▶ promise: what an audit shows

The models say when to stop asking. What is promised of a release, an audit says: every model claims too much where
images are hard.
"""
