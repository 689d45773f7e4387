"""Batches of demonstrations: balance, resume, shards and damaged files, on synthetic rows."""

from collections import Counter

import numpy as np
import pytest

from cross_jax.actions import outline
from cross_jax.envs.experts import FORMS, SPACE_OF_FORM
from data_pipelines.iterator import (
  FORM_CYCLE,
  KEEP_FORM,
  choose_forms,
  choose_previous,
  make_iterator,
)
from data_pipelines.storage import (
  FamilySource,
  encode_png,
  row_features,
  shard_length,
  shard_path,
  text_key,
  write_metadata,
  write_shard,
)

SHAPES = ((8, 16, 3), (8, 8, 3))
ROWS = {"mine_block": (30, 12), "craft_item": (7, 6), "kill_entity": (10,)}  # rows of each shard


TEXTS = {
  "raw": "Action: no_op",
  "motion+raw": "Motion: jump\nAction: press(space)",
  "motion": "Motion: jump",
  "grounding+raw": "Grounding: no-op\nAction: no_op",
  "grounding": "Grounding: no-op",
}


def _row(family: str, index: int) -> dict:
  """Row `index` of a family; its pictures and texts tell which it is."""
  rng = np.random.default_rng((sum(family.encode()), index))
  row = {
    "task": f"{family}:{index}",
    "family": family,
    "seed": 10_000 + index,
    "decision": index,
    "tick": 2 * index,
    "instruction": f"do {family} {index}",
    "is_gui_open": family == "craft_item",
  }
  row |= {text_key(form): f"{form} of {family} {index}" for form in FORMS}
  return row | {
    f"view_{i}": encode_png(rng.integers(0, 256, shape, np.uint8)) for i, shape in enumerate(SHAPES)
  }


@pytest.fixture(scope="module")
def played(tmp_path_factory):
  """A data set of texts that parse: six episodes of two decisions."""
  path, features = tmp_path_factory.mktemp("played"), row_features(SHAPES)
  texts = {text_key(form): text for form, text in TEXTS.items()}
  rows = [_row("mine_block", i) | {"decision": i % 2} | texts for i in range(12)]
  write_shard(shard_path(path, "mine_block", 0, 1), rows, features)
  write_metadata(path, features, {"mine_block": 1}, "synthetic")
  return path


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
  path = tmp_path_factory.mktemp("data")
  features = row_features(SHAPES)
  for family, lengths in ROWS.items():
    first = 0
    for shard, length in enumerate(lengths):
      rows = [_row(family, first + i) for i in range(length)]
      write_shard(shard_path(path, family, shard, len(lengths)), rows, features)
      first += length
  counts = write_metadata(path, features, {f: len(n) for f, n in ROWS.items()}, "synthetic")
  assert counts == {family: sum(lengths) for family, lengths in ROWS.items()}
  return path


def _copy(data_dir, tmp_path):
  for file in data_dir.iterdir():
    (tmp_path / file.name).write_bytes(file.read_bytes())
  return tmp_path


def test_rows_come_back_as_written(data_dir):
  source = FamilySource(data_dir, "mine_block")
  assert len(source) == 42
  row, expected = source[35], _row("mine_block", 35)  # the 6th of the second shard
  assert set(row) == set(expected)
  assert all(row[key] == expected[key] for key in expected)


def test_batches_hold_pictures_and_the_labels_of_their_forms(data_dir):
  batch = next(make_iterator(data_dir, batch_size=4, seed=0, responses_per_row=3))
  assert [view.shape for view in batch["views"]] == [(4, 8, 16, 3), (4, 8, 8, 3)]
  assert all(view.dtype == np.uint8 for view in batch["views"])
  for i in range(4):
    family, index = batch["task"][i].split(":")
    rng = np.random.default_rng((sum(family.encode()), int(index)))
    for view, shape in zip(batch["views"], SHAPES):
      np.testing.assert_array_equal(view[i], rng.integers(0, 256, shape, np.uint8))
    assert batch["is_gui_open"][i] == (family == "craft_item")
    assert batch["instruction"][i] == f"do {family} {index}"
    assert batch["responses"][i] == [f"{form} of {family} {index}" for form in batch["forms"][i]]


@pytest.mark.parametrize("responses_per_row", [1, 3])
def test_the_first_decision_has_none_before_it(played, responses_per_row):
  iterator = make_iterator(played, batch_size=60, seed=0, responses_per_row=responses_per_row)
  batch, told = next(iterator), {0: [], 1: []}
  for task, previous, weights in zip(batch["task"], batch["previous"], batch["choice_weights"]):
    decision = int(task.split(":")[1]) % 2
    told[decision].append(previous)
    if decision == 0:
      assert previous == "" and weights == [1.0] * responses_per_row
  assert len(told[0]) == 30
  # Of the 30 others a tenth are silent; outlines such as "Motion: \nAction: " are told.
  assert set(told[1]) - {""} <= {outline(text) for text in TEXTS.values()}
  assert 20 < sum(previous != "" for previous in told[1]) < 30


@pytest.mark.parametrize("responses_per_row", [1, 2, 3])
def test_spaces_are_in_equal_shares(data_dir, responses_per_row):
  iterator = make_iterator(data_dir, batch_size=12, seed=1, responses_per_row=responses_per_row)
  spaces = Counter()
  forms = Counter()
  for _ in range(10):
    for row in next(iterator)["forms"]:
      assert len(set(row)) == responses_per_row
      forms.update(row)
      spaces.update(SPACE_OF_FORM[form] for form in row)
  assert set(spaces.values()) == {40 * responses_per_row}  # 120 rows, a third each
  assert forms["motion"] == forms["motion+raw"] == 20 * responses_per_row
  assert forms["grounding"] == forms["grounding+raw"] == 20 * responses_per_row


def test_the_form_before_is_told_as_of_a_player_who_keeps_to_it():
  forms = ("raw", "motion", "grounding")
  told = [choose_previous(i, forms, seed=0) for i in range(2000)]
  silent = [weights for previous, weights in told if previous is None]
  assert 150 < len(silent) < 250 and all(weights == [1.0] * 3 for weights in silent)
  for form in forms:
    assert 540 < sum(previous == form for previous, _ in told) < 660
  for previous, weights in told:
    assert sum(weights) == pytest.approx(3.0)
    if previous is not None:
      assert weights[forms.index(previous)] / sum(weights) == pytest.approx(KEEP_FORM)


def test_before_a_single_response_every_form_is_told_as_often_as_it_is_kept():
  pairs = Counter()
  for index in range(12_000):
    (form,) = choose_forms(index, 1, seed=0)
    previous, weights = choose_previous(index, (form,), seed=0)
    assert weights == [1.0]
    pairs[previous, form] += 1
  silent = sum(n for (previous, _), n in pairs.items() if previous is None)
  assert 1050 < silent < 1350
  for form, share in Counter(FORM_CYCLE).items():
    after = {to: n for (previous, to), n in pairs.items() if previous == form}
    assert sum(after.values()) == pytest.approx((12_000 - silent) * share / 6, rel=0.08)
    assert after[form] / sum(after.values()) == pytest.approx(KEEP_FORM, abs=0.025)
    spaces = Counter()
    for to, n in after.items():
      spaces[SPACE_OF_FORM[to]] += n
    assert len(spaces) == 3  # any space may follow, and nothing of its own but itself
    assert spaces[SPACE_OF_FORM[form]] == after[form]


def test_four_and_five_responses_are_different_forms():
  assert set(choose_forms(3, 5, seed=0)) == set(FORMS)
  dropped = Counter(
    form for i in range(60) for form in set(FORMS) - set(choose_forms(i, 4, seed=0))
  )
  assert dropped == {form: 15 for form in FORMS if form != "raw"}


def test_families_are_in_equal_shares_however_many_rows_they_have(data_dir):
  iterator = make_iterator(data_dir, batch_size=6, seed=2)
  families = Counter(task.split(":")[0] for _ in range(10) for task in next(iterator)["task"])
  assert families == {family: 20 for family in ROWS}
  unbalanced = make_iterator(data_dir, batch_size=65, seed=2, balance=False, num_epochs=1)
  families = Counter(task.split(":")[0] for batch in unbalanced for task in batch["task"])
  assert abs(families["mine_block"] - 42) <= 1 and abs(families["kill_entity"] - 10) <= 1


def test_forms_do_not_lock_to_families(data_dir):
  iterator = make_iterator(data_dir, batch_size=60, seed=3)
  pairs = Counter()
  for _ in range(10):
    batch = next(iterator)
    pairs.update(
      (task.split(":")[0], forms[0]) for task, forms in zip(batch["task"], batch["forms"])
    )
  assert len(pairs) == len(ROWS) * len(FORMS)
  # 600 rows: 200 of a family, a third of them raw, a sixth each other form; 5 standard deviations
  # of a fair draw are 33 and 26.
  for (_, form), n in pairs.items():
    assert abs(n - 200 / 3) < 33 if form == "raw" else abs(n - 200 / 6) < 26


def test_restored_iterator_gives_the_same_batches(data_dir):
  iterator = make_iterator(data_dir, batch_size=5, seed=4, responses_per_row=2)
  for _ in range(3):
    next(iterator)
  state = iterator.get_state()
  expected = [next(iterator) for _ in range(20)]  # over several epochs of the smaller families
  again = make_iterator(data_dir, batch_size=5, seed=4, responses_per_row=2)
  again.set_state(state)
  for batch in expected:
    other = next(again)
    assert other["task"] == batch["task"] and other["responses"] == batch["responses"]
    for a, b in zip(other["views"], batch["views"]):
      np.testing.assert_array_equal(a, b)


def test_epochs_reshuffle_and_the_seed_matters(data_dir):
  def order(seed):
    iterator = make_iterator(data_dir, batch_size=10, seed=seed, num_epochs=4)
    tasks = [task for batch in iterator for task in batch["task"] if task.startswith("kill")]
    return tasks

  tasks = order(0)
  assert tasks == order(0) and tasks != order(1)
  assert len(tasks) >= 70
  assert sorted(tasks[:10]) == sorted(set(tasks))  # an epoch of ten rows: each once
  assert tasks[:10] != tasks[10:20]


def test_processes_see_disjoint_rows_that_cover_the_data(data_dir):
  seen = []
  for shard in range(3):
    iterator = make_iterator(
      data_dir, batch_size=3, seed=5, shard_index=shard, shard_count=3, num_epochs=6
    )
    seen.append({task for batch in iterator for task in batch["task"]})
  assert not seen[0] & seen[1] and not seen[0] & seen[2] and not seen[1] & seen[2]
  assert len(set().union(*seen)) == 65


def test_bad_arguments_name_the_limit(data_dir, tmp_path):
  with pytest.raises(ValueError, match="responses_per_row=6: must be 1..5"):
    make_iterator(data_dir, batch_size=2, seed=0, responses_per_row=6)
  with pytest.raises(ValueError, match="shard_index=2: must be 0..shard_count-1=1"):
    make_iterator(data_dir, batch_size=2, seed=0, shard_index=2, shard_count=2)
  with pytest.raises(ValueError, match="kill_entity has 10 rows .* fewer than shard_count=11"):
    make_iterator(data_dir, batch_size=2, seed=0, shard_count=11)
  with pytest.raises(ValueError, match="batch_size=66 is over the 65 rows"):
    make_iterator(data_dir, batch_size=66, seed=0, num_epochs=1)
  with pytest.raises(ValueError, match="no finished data set"):
    make_iterator(tmp_path, batch_size=2, seed=0)


@pytest.mark.parametrize("damage", ["truncated", "empty", "garbage"])
def test_damaged_file_is_named_with_the_way_out(data_dir, tmp_path, damage):
  path = shard_path(_copy(data_dir, tmp_path), "mine_block", 1, 2)
  whole = path.read_bytes()
  damaged = {"truncated": whole[: len(whole) // 2], "empty": b"", "garbage": whole[::-1]}[damage]
  path.write_bytes(damaged)
  with pytest.raises(ValueError, match=rf"{path.name} is damaged .*delete this file"):
    make_iterator(tmp_path, batch_size=2, seed=0)


def test_flipped_bytes_inside_a_record_are_found_when_read(data_dir, tmp_path):
  path = shard_path(_copy(data_dir, tmp_path), "kill_entity", 0, 1)
  whole = bytearray(path.read_bytes())
  whole[300:330] = bytes(30)
  path.write_bytes(bytes(whole))
  iterator = make_iterator(tmp_path, batch_size=30, seed=0)  # ten rows of each family
  with pytest.raises(ValueError, match=f"{path.name} is damaged"):
    next(iterator)


def test_shard_of_another_length_is_refused(data_dir, tmp_path):
  path = shard_path(_copy(data_dir, tmp_path), "craft_item", 0, 2)
  assert shard_length(path) == 7
  write_shard(path, [_row("craft_item", 0)], row_features(SHAPES))
  with pytest.raises(ValueError, match="1 rows, dataset_info.json says 7"):
    FamilySource(tmp_path, "craft_item")
