"""Out of a store, into what trainers load: what is chosen, and for which side, is settled before any byte is read."""
