"""Which pictures are nearly the same: all of them, by a slow twin that counts bits."""

import numpy as np

from synsift.pipelines.verification.batches import near


def test_all_pairs_that_are_near_in_any_orientation_are_found_and_no_others() -> None:
    rng = np.random.default_rng(1)
    images, turns = 300, 3  # more than one block of rows
    hashes = rng.integers(0, 256, (images, 32), np.uint8)
    turned = rng.integers(0, 256, (images, turns, 32), np.uint8)
    turned[:, 0] = hashes
    hashes[299] = turned[299, 0] = hashes[2] ^ 1  # 32 bits away
    turned[280, 2] = hashes[270]
    turned[7, 1] = hashes[5] ^ 0b111  # 96 bits
    turned[290, 1] = 255 ^ hashes[10]  # all 256 bits away: that must not look like none
    slow = [
        (one, other)
        for one in range(images)
        for other in range(one + 1, images)
        if min(int(np.bitwise_count(hashes[one] ^ turn).sum()) for turn in turned[other]) <= 80
    ]
    assert sorted(near(hashes, turned, 80)) == sorted(slow)
    assert {(2, 299), (270, 280)} <= set(slow)
    assert (5, 7) in near(hashes, turned, 96)
    assert (5, 7) not in near(hashes, turned, 95)
