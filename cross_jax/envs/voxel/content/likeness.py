"""How different two small pictures are: the distance that keeps blocks and icons apart; NumPy."""

import numpy as np

BACKGROUNDS = (0.0, 255.0)


def reduce_pictures(pictures: np.ndarray, side: int = 8) -> np.ndarray:
  """Pictures as `distances` takes them.

  Args:
    pictures: uint8[n, s, s, 4], alpha 0 or 255; s a multiple of `side`.
    side: px of the reduced pictures.
  Returns:
    float64[n, side, side, 8]: the mean colour on black and on white, the share that is covered, 0.
  """
  n, size = pictures.shape[:2]
  parts = pictures.reshape(n, side, size // side, side, size // side, 4).astype(np.float64)
  cover = (parts[..., 3:] > 127).astype(np.float64)
  layers = [(parts[..., :3] * cover + back * (1 - cover)).mean((2, 4)) for back in BACKGROUNDS]
  share = cover.mean((2, 4))
  return np.concatenate([*layers, share, np.zeros_like(share)], -1)


def distances(some: np.ndarray, others: np.ndarray) -> np.ndarray:
  """Mean absolute difference of colours, 0..255, where at least one of two pictures is drawn.

  Each picture is seen on black and on white, so that a shape tells as well as a colour does.

  Args:
    some: float64[n, s, s, 8], reduce_pictures.
    others: float64[m, s, s, 8].
  Returns:
    float64[n, m].
  """
  out = np.zeros((len(some), len(others)))
  for j, other in enumerate(others):
    is_drawn = (some[..., 6] > 0) | (other[..., 6] > 0)
    gap = np.abs(some[..., :6] - other[..., :6]).mean(-1)
    out[:, j] = (gap * is_drawn).sum((1, 2)) / np.maximum(is_drawn.sum((1, 2)), 1)
  return out
