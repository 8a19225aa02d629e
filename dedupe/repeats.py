"""Which share of a photograph's pixels are its own: enlarged by repeating pixels, whole columns and rows are the same.

In what is drawn neighbours are the same, too. So only those tiles are asked of whose other neighbours differ.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Of neighbours that aren't whole lines which are the same, more than this share are in what is drawn, or flat.
_DRAWN: Final = 0.5
# What has fewer lines of its own than a picture that was made four times as large is drawn, too.
_LEAST_OWN: Final = 0.2
_ENOUGH_TILES: Final = 0.25


def own_share(sample: Image.Image, tile_px: int) -> float:
    """Share of pixels that aren't repeated, 0 to 1; 1 of what is drawn.

    Args:
        sample: Tiles of a picture as it was decoded, one beside the other.
        tile_px: Side of a tile.
    """
    pixels = np.asarray(sample.convert("L"))
    height, width = (side // tile_px * tile_px for side in pixels.shape)
    if not height or not width:
        return 1.0
    tiles = pixels[:height, :width].reshape(height // tile_px, tile_px, width // tile_px, tile_px)
    return _own_lines(tiles.transpose(0, 2, 1, 3)) * _own_lines(tiles.transpose(0, 2, 3, 1))


def _own_lines(tiles: NDArray[np.uint8]) -> float:
    """Share of columns that aren't those before them, of tiles ``(n, m, rows, columns)``."""
    same = np.count_nonzero(tiles[..., 1:] == tiles[..., :-1], axis=2)
    rows, steps = tiles.shape[2], tiles.shape[3] - 1
    repeated = np.count_nonzero(same == rows, axis=2)
    others = steps - repeated
    same_of_others = np.add.reduce(same, axis=2) - rows * repeated
    is_photograph = (others > _LEAST_OWN * steps) & (same_of_others < _DRAWN * rows * others)
    if np.count_nonzero(is_photograph) < _ENOUGH_TILES * is_photograph.size:
        return 1.0
    return float(1 - np.median(repeated[is_photograph]) / steps)
