"""Very many pictures, all of which are known before the first is judged: their index is made at once, and lies on disk.

    fingerprints ──▶ rows ──hashes──▶ lists of keys ──look-ups, second looks──▶ what is seen of each ──▶ groups
                     in the caller's files, by any number of processes at once                      in order, by one

What comes out is what ``cluster`` makes of the same pictures. What differs is where things are: fingerprints, hashes
and tables are arrays of the caller's, which may be mapped files, and looking for what is near to a picture hangs on no
verdict on another one, so that all processors can do it; only the verdicts have an order.
"""
