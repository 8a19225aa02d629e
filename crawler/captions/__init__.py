"""Captions as an image source: lists of URL and caption, in which all synsets' queries are looked for at once.

    lists ─blocks─▶ captions ─folding─▶ words ─matching─▶ hits ─bounds─▶ parts on disk ─selection─▶ sifted list
                                          ▲                    └ no more than are among the best
    queries ──lexicon (plurals)───────────┘

One pass over the rows. What was read is on disk, part by part; a sift that was ended goes on behind the last part, and
what comes out is the same.
"""
