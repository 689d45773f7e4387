"""Stop strings, looked for on the host in the text of a response."""

from collections.abc import Callable, Sequence

import numpy as np

Decode = Callable[[Sequence[int]], str]  # ids of a response -> its text, without the end token


def find_stop(
  decode: Decode, ids: np.ndarray, num_checked: int, stop_strings: Sequence[str]
) -> tuple[int, str] | None:
  """Where the first stop string of a response is complete.

  Args:
    decode: of the policy's tokenizer.
    ids: int32[n], of the response so far.
    num_checked: of its first tokens, known to hold no stop string.
    stop_strings: none of them empty.
  Returns:
    (tokens up to the one that completes it, text before it), or None. The text is cut within a
    token where the stop string begins there.

  >>> words = ["move ", "on. Stop", " here", "!"]
  >>> find_stop(lambda ids: "".join(words[i] for i in ids), np.arange(4), 0, ["Stop here", "!"])
  (3, 'move on. ')
  """
  if not any(stop in decode(ids) for stop in stop_strings):
    return None
  for num in range(num_checked + 1, len(ids) + 1):
    text = decode(ids[:num])
    found = [text.index(stop) for stop in stop_strings if stop in text]
    if found:
      return num, text[: min(found)]
  return None
