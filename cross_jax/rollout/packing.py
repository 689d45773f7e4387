"""Prompts and responses to fixed-shape training rows: `Batch` with a shared prefix per row."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cross_jax.base import Batch


class Row(NamedTuple):
  """One picture and prompt with the responses to it."""

  patches: np.ndarray  # uint8[P, patch_dim]
  prompt_ids: np.ndarray  # int32[T0]
  prompt_positions: np.ndarray  # int32[3, T0], M-RoPE
  responses: Sequence[np.ndarray]  # each int32[N_r], end token included
  old_logp: Sequence[np.ndarray] | None = None  # each float32[N_r], nats; None in SFT
  # per response, unitless: one number or float32[N_r]; in SFT the weight of a token, None = all 1
  advantage: Sequence[float | np.ndarray] | None = None
  # per response int32[N_r], index in prompt_ids of what a token should attend to, -1 = anything
  attend_to: Sequence[np.ndarray] | None = None


def pack(rows: Sequence[Row], *, max_len: int, max_targets: int, pad_id: int) -> Batch:
  """Rows as one Batch of static shape: the prefix first, then every response after it.

  Args:
    rows: B rows; a row may have no responses (it then has no targets: padding of the batch).
    max_len: T, tokens of a row, prefix and all responses.
    max_targets: N, response tokens of a row.
    pad_id: token id of the padding.
  Returns:
    Batch of NumPy arrays with B = len(rows).
  Raises:
    ValueError: a row needs more than max_len tokens or max_targets targets, or what it says of its
      responses does not fit them.
  """
  B = len(rows)
  batch = Batch(
    patches=np.stack([row.patches for row in rows]),
    token_ids=np.full((B, max_len), pad_id, np.int32),
    segment_ids=np.zeros((B, max_len), np.int32),
    positions=np.zeros((3, B, max_len), np.int32),
    target_ids=np.zeros((B, max_targets), np.int32),
    target_from=np.zeros((B, max_targets), np.int32),
    target_mask=np.zeros((B, max_targets), bool),
    old_logp=np.zeros((B, max_targets), np.float32),
    advantage=np.ones((B, max_targets), np.float32),
    attend_to=np.full((B, max_targets), -1, np.int32),
  )
  for b, row in enumerate(rows):
    _check_fits(b, row, max_len, max_targets)
    _pack_row(batch, b, row)
  return batch


def split_rows(rows: Sequence[Row], *, max_targets: int) -> list[Row]:
  """The rows with no more than max_targets response tokens each: a longer one becomes several.

  Args:
    rows: with responses; each response alone has at most max_targets tokens.
    max_targets: N of the batch that they will be packed into.
  Returns:
    Rows with the same responses and what belongs to them, in the same order.
  """
  found = []
  for row in rows:
    start, size = 0, 0
    for end, response in enumerate(row.responses):
      if size + len(response) > max_targets and end > start:
        found.append(_slice(row, start, end))
        start, size = end, 0
      size += len(response)
    found.append(_slice(row, start, len(row.responses)))
  return found


def _slice(row: Row, start: int, end: int) -> Row:
  cut = lambda values: None if values is None else values[start:end]
  return row._replace(
    responses=row.responses[start:end],
    old_logp=cut(row.old_logp),
    advantage=cut(row.advantage),
    attend_to=cut(row.attend_to),
  )


def _check_fits(b: int, row: Row, max_len: int, max_targets: int) -> None:
  num_targets = sum(len(r) for r in row.responses)
  for name, is_whole in (("old_logp", False), ("advantage", True), ("attend_to", False)):
    values = getattr(row, name)
    if values is None:
      continue
    have = [np.shape(value) for value in values]
    want = [(len(ids),) for ids in row.responses]
    if len(have) != len(want) or any(
      h != w and not (is_whole and h == ()) for h, w in zip(have, want)
    ):
      raise ValueError(
        f"row {b}: {name} has shapes {have}, its responses {want}: give one entry per response"
        f"{', a number or' if is_whole else ''} with one value per token"
      )
  num_tokens = len(row.prompt_ids) + num_targets
  if num_tokens > max_len:
    raise ValueError(
      f"row {b}: {len(row.prompt_ids)} prompt + {num_targets} response tokens = {num_tokens}, over "
      f"max_len={max_len}; raise max_len or give fewer responses per row"
    )
  if num_targets > max_targets:
    raise ValueError(
      f"row {b}: {num_targets} response tokens, over max_targets={max_targets}; raise max_targets "
      "or give fewer responses per row"
    )


def _pack_row(batch: Batch, b: int, row: Row) -> None:
  num_prompt = len(row.prompt_ids)
  batch.token_ids[b, :num_prompt] = row.prompt_ids
  batch.segment_ids[b, :num_prompt] = 1
  batch.positions[:, b, :num_prompt] = row.prompt_positions
  first_position = int(row.prompt_positions.max()) + 1
  at, target = num_prompt, 0
  for r, ids in enumerate(row.responses):
    n = len(ids)
    tokens, targets = slice(at, at + n), slice(target, target + n)
    batch.token_ids[b, tokens] = ids
    batch.segment_ids[b, tokens] = 2 + r
    batch.positions[:, b, tokens] = first_position + np.arange(n)
    batch.target_ids[b, targets] = ids
    batch.target_from[b, targets] = np.concatenate([[num_prompt - 1], np.arange(at, at + n - 1)])
    batch.target_mask[b, targets] = True
    if row.old_logp is not None:
      batch.old_logp[b, targets] = row.old_logp[r]
    if row.advantage is not None:
      batch.advantage[b, targets] = row.advantage[r]
    if row.attend_to is not None:
      batch.attend_to[b, targets] = row.attend_to[r]
    at, target = at + n, target + n
