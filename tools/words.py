#!/usr/bin/env python3
"""Learn the words that ``dedupe/local/words.npy`` holds, from photographs that no benchmark uses.

tools/words.py PHOTO...
"""

import sys
from pathlib import Path

import numpy as np

from synsift.dedupe import describe
from synsift.dedupe.local.shortlist import learn

TARGET = Path(__file__).parents[1] / "dedupe" / "local" / "words.npy"

if __name__ == "__main__":
    TARGET.write_bytes(learn(np.concatenate([describe(path).descriptors for path in sys.argv[1:]])).to_bytes())
