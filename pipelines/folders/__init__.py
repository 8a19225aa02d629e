"""Images in folders: found, fingerprinted, cached. What ``synsift dedupe`` and its like work on."""
