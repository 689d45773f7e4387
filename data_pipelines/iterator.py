"""Demonstrations as training batches: balanced over families and spaces, sharded, resumable."""

import dataclasses
from pathlib import Path
from typing import Any

import grain
import numpy as np

from cross_jax.actions import outline
from cross_jax.envs.experts.labels import SPACE_OF_FORM
from data_pipelines.storage import FamilySource, decode_png, list_families, text_key

# One space each third of the time; within Motion and Grounding the two forms take turns. Windows of
# up to three are distinct, one of each space.
FORM_CYCLE = ("raw", "motion+raw", "grounding+raw", "raw", "motion", "grounding")
WITHOUT_RAW = ("motion+raw", "grounding+raw", "motion", "grounding")
MAX_RESPONSES = 5
BLOCK_ROWS = 60  # whole turns through both cycles
KEEP_FORM = 0.9  # probability that a decision has the form of the one before
NO_PREVIOUS_SHARE = 0.1  # of the rows say nothing of the decision before, as on any lone picture


def make_iterator(
  data_dir: str | Path,
  *,
  batch_size: int,
  seed: int,
  num_epochs: int | None = None,
  shard_index: int = 0,
  shard_count: int = 1,
  responses_per_row: int = 1,
  balance: bool = True,
  num_threads: int = 2,
) -> grain.DatasetIterator:
  """An iterator over shuffled batches whose position can be saved and restored exactly.

  Families are mixed in equal shares (`balance`), or in proportion to their rows. Spaces are
  balanced exactly for up to three responses per row; four drop each non-raw form in turn; five are
  all forms.
  An epoch is as many rows as this shard has; with `balance`, small families repeat within it.

  Args:
    data_dir: folder of the data set.
    batch_size: rows of a batch on this process, B.
    seed: of the order and of the forms.
    num_epochs: passes over the data; None = without end.
    shard_index, shard_count: this process and the number of processes; their rows are disjoint.
    responses_per_row: labelled responses to each picture, 1..5, all of different forms.
    balance: equal shares for all families.
    num_threads: reading threads.
  Returns:
    Iterator with get_state() / set_state() over dicts: views (tuple of uint8[B, h, w, 3]),
    is_gui_open (bool[B]), instruction and task (lists of B str), responses and forms (lists of B
    lists of responses_per_row str), previous (list of B str, see `choose_previous`) and
    choice_weights (B lists of responses_per_row floats).
  Raises:
    ValueError: a number out of range, a missing or damaged data set.
  """
  if not 1 <= responses_per_row <= MAX_RESPONSES:
    raise ValueError(f"responses_per_row={responses_per_row}: must be 1..{MAX_RESPONSES}")
  if not 0 <= shard_index < shard_count:
    raise ValueError(f"shard_index={shard_index}: must be 0..shard_count-1={shard_count - 1}")
  mixed, num_rows = _mix_families(
    data_dir, seed=seed, shard_index=shard_index, shard_count=shard_count, balance=balance
  )
  if num_epochs is not None:
    mixed = mixed[: num_epochs * num_rows]
    if len(mixed) < batch_size:
      raise ValueError(
        f"batch_size={batch_size} is over the {len(mixed)} rows of {num_epochs} epochs in "
        f"{data_dir}; lower batch_size or generate more demonstrations"
      )
  mixed = mixed.map_with_index(_ChooseForms(seed, responses_per_row))
  batches = mixed.batch(batch_size, drop_remainder=True, batch_fn=_collate)
  options = grain.ReadOptions(num_threads=num_threads, prefetch_buffer_size=2 * num_threads)
  return iter(batches.to_iter_dataset(options))


def _mix_families(data_dir, *, seed, shard_index, shard_count, balance):
  datasets, lengths = [], []
  for i, family in enumerate(list_families(data_dir)):
    source = FamilySource(data_dir, family)
    if len(source) < shard_count:
      raise ValueError(
        f"family {family} has {len(source)} rows in {data_dir}, fewer than "
        f"shard_count={shard_count}; generate more demonstrations or use fewer processes"
      )
    rows = grain.MapDataset.source(source)[shard_index::shard_count]
    lengths.append(len(rows))
    datasets.append(rows.shuffle(seed=seed + i).repeat())
  weights = None if balance else [length / sum(lengths) for length in lengths]
  return grain.MapDataset.mix(datasets, weights), sum(lengths)


@dataclasses.dataclass(frozen=True)
class _ChooseForms(grain.transforms.MapWithIndex):
  """Decodes the pictures and keeps the labels of the forms whose turn it is."""

  seed: int
  num_responses: int

  def map_with_index(self, index: int, row: dict[str, Any]) -> dict[str, Any]:
    forms = choose_forms(index, self.num_responses, self.seed)
    views = sorted(key for key in row if key.startswith("view_"))
    responses = [row[text_key(form)] for form in forms]
    previous, weights = choose_previous(index, forms, self.seed)
    if row["decision"] == 0:
      previous, weights = None, [1.0] * len(forms)
    return {
      "views": tuple(decode_png(row[key]) for key in views),
      "instruction": row["instruction"],
      "responses": responses,
      "forms": list(forms),
      "previous": "" if previous is None else outline(row[text_key(previous)]),
      "choice_weights": weights,
      "task": row["task"],
      "is_gui_open": row["is_gui_open"],
    }


def choose_forms(index: int, num_responses: int, seed: int) -> tuple[str, ...]:
  """The forms of the index-th row of the stream.

  The rows of a block of BLOCK_ROWS take all turns of FORM_CYCLE (or drop all of WITHOUT_RAW)
  equally often, in an order shuffled anew for each block, so that forms and families don't lock.

  Args:
    index: position in the stream of rows.
    num_responses: 1..5.
    seed: of the orders.
  Returns:
    num_responses different forms.
  """
  block, at = divmod(index, BLOCK_ROWS)
  turn = int(np.random.default_rng((seed, block)).permutation(BLOCK_ROWS)[at])
  if num_responses <= 3:
    first = turn * num_responses
    return tuple(FORM_CYCLE[(first + j) % len(FORM_CYCLE)] for j in range(num_responses))
  dropped = turn % len(WITHOUT_RAW) if num_responses == 4 else None
  return ("raw", *(form for j, form in enumerate(WITHOUT_RAW) if j != dropped))


def choose_previous(
  index: int, forms: tuple[str, ...], seed: int
) -> tuple[str | None, list[float]]:
  """The form that the decision before the index-th row is said to have had, and what follows.

  The label of a picture exists in every form, so its past can be told in any: here as a player who
  keeps to a form with probability KEEP_FORM. Of several responses one has the form before, and
  those that the player would rarely give weigh less in what chooses the form. A single response
  has no other to be weighed against: the form before is drawn instead, its own or one of another
  space.

  Args:
    index: position in the stream of rows.
    forms: of the row's responses, all different.
    seed: of the choice.
  Returns:
    (the form of the decision before, or None to say nothing of it; the weight of each response's
    choice of form, mean 1).
  """
  num, rng = len(forms), np.random.default_rng((seed, 1, index))
  if rng.random() < NO_PREVIOUS_SHARE:
    return None, [1.0] * num
  if num == 1:
    # As often as FORM_CYCLE has them, so that each form is kept to KEEP_FORM of the time.
    others = [form for form in FORM_CYCLE if SPACE_OF_FORM[form] != SPACE_OF_FORM[forms[0]]]
    is_kept = rng.random() < KEEP_FORM
    return forms[0] if is_kept else others[rng.integers(len(others))], [1.0]
  previous = int(rng.integers(num))
  weights = [num * (1 - KEEP_FORM) / (num - 1)] * num
  weights[previous] = num * KEEP_FORM
  return forms[previous], weights


def _collate(rows: list[dict[str, Any]]) -> dict[str, Any]:
  lists = ("instruction", "responses", "forms", "task", "previous", "choice_weights")
  batch = {key: [row[key] for row in rows] for key in lists}
  batch["is_gui_open"] = np.asarray([row["is_gui_open"] for row in rows], bool)
  batch["views"] = tuple(np.stack(view) for view in zip(*(row["views"] for row in rows)))
  return batch
