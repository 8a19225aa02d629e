"""``synsift demo``: the real pipeline against a small web with known truth."""
