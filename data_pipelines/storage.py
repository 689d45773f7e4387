"""Demonstrations on disk: a TFDS dataset of ArrayRecord shards, one split per task family."""

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from array_record.python import array_record_module
from PIL import Image

from cross_jax.envs.experts.labels import FORMS

DATASET = "demonstrations"
VERSION = "1.0.0"
TEMPLATE = "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}"


def text_key(form: str) -> str:
  """The feature that holds a form's label, for example `motion+raw` -> `motion_raw_text`."""
  return form.replace("+", "_") + "_text"


def row_features(view_shapes: Sequence[tuple[int, int, int]]) -> tfds.features.FeaturesDict:
  """The features of one row for pictures of (height, width, 3) each."""
  features = {
    "task": tfds.features.Text(),
    "family": tfds.features.Text(),
    "seed": tfds.features.Scalar(np.int64),
    "decision": tfds.features.Scalar(np.int32),
    "tick": tfds.features.Scalar(np.int32),
    "instruction": tfds.features.Text(),
    "is_gui_open": tfds.features.Scalar(np.bool_),
  }
  features |= {text_key(form): tfds.features.Text() for form in FORMS}
  for i, shape in enumerate(view_shapes):
    features[f"view_{i}"] = tfds.features.Image(shape=shape, encoding_format="png")
  return tfds.features.FeaturesDict(features)


def encode_png(image: np.ndarray) -> bytes:
  """uint8[h, w, 3] -> PNG bytes, fast rather than small."""
  buffer = io.BytesIO()
  Image.fromarray(image).save(buffer, "PNG", compress_level=1)
  return buffer.getvalue()


def decode_png(data: bytes) -> np.ndarray:
  """PNG bytes -> uint8[h, w, 3]."""
  return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def shard_path(data_dir: Path, family: str, shard: int, num_shards: int) -> Path:
  """Where TFDS looks for a shard."""
  return Path(data_dir) / f"{DATASET}-{family}.array_record-{shard:05d}-of-{num_shards:05d}"


def write_shard(
  path: Path, rows: Sequence[Mapping[str, Any]], features: tfds.features.FeaturesDict
) -> None:
  """Writes rows to a temporary name and renames it, so that a shard is whole or absent."""
  temporary = path.with_name(path.name + ".tmp")
  writer = array_record_module.ArrayRecordWriter(str(temporary), "group_size:1")
  for row in rows:
    writer.write(features.serialize_example(features.encode_example(row)))
  writer.close()
  os.replace(temporary, path)


def shard_length(path: Path) -> int:
  """Rows of a shard.

  Raises:
    ValueError: the file is truncated or not an ArrayRecord file.
  """
  try:
    reader = array_record_module.ArrayRecordReader(str(path))
    num_rows = reader.num_records()
    reader.close()
  except (RuntimeError, ValueError) as error:
    raise ValueError(_corrupt(path, error)) from error
  return num_rows


def write_metadata(
  data_dir: Path,
  features: tfds.features.FeaturesDict,
  num_shards: Mapping[str, int],
  description: str,
) -> dict[str, int]:
  """Adds TFDS's dataset_info.json and features.json to a folder of finished shards.

  Args:
    data_dir: folder of the shards.
    features: of one row.
    num_shards: shards of each family (split); families without a row are left out, and their
      files deleted, as TFDS takes every file for a split.
    description: for dataset_info.json.
  Returns:
    Rows of each family.
  """
  splits, num_rows = [], {}
  for family, count in sorted(num_shards.items()):
    paths = [shard_path(data_dir, family, i, count) for i in range(count)]
    lengths = [shard_length(path) for path in paths]
    if sum(lengths) == 0:
      for path in paths:
        path.unlink()
      continue
    num_rows[family] = sum(lengths)
    template = tfds.core.ShardedFileTemplate(
      data_dir=str(data_dir),
      dataset_name=DATASET,
      split=family,
      filetype_suffix="array_record",
      template=TEMPLATE,
    )
    size = sum(path.stat().st_size for path in paths)
    splits.append(
      tfds.core.SplitInfo(
        name=family, shard_lengths=lengths, num_bytes=size, filename_template=template
      )
    )
  tfds.folder_dataset.write_metadata(
    data_dir=str(data_dir),
    features=features,
    split_infos=splits,
    version=VERSION,
    check_data=False,
    description=description,
  )
  return num_rows


class FamilySource:
  """Random access to the rows of one family (a Grain and torch data source).

  Rows are dicts: text as str, pictures as PNG bytes, scalars as NumPy scalars. A record that can't
  be read raises ValueError with the name of its file.
  """

  def __init__(self, data_dir: str | Path, family: str):
    self.data_dir, self.family = Path(data_dir), family
    builder = _builder(self.data_dir)
    if family not in builder.info.splits:
      raise ValueError(
        f"family {family!r} is not in {data_dir}; it has {sorted(builder.info.splits)}"
      )
    split = builder.info.splits[family]
    self._paths = [str(path) for path in split.filepaths]
    self._ends = np.cumsum(split.shard_lengths)
    for path, length in zip(self._paths, split.shard_lengths):
      found = shard_length(Path(path))
      if found != length:
        raise ValueError(_corrupt(path, f"{found} rows, dataset_info.json says {length}"))
    skip = {key: tfds.decode.SkipDecoding() for key in builder.info.features if "view_" in key}
    self._source = builder.as_data_source(split=family, decoders=skip)

  def __len__(self) -> int:
    return len(self._source)

  def __getitem__(self, index: int) -> dict[str, Any]:
    if not 0 <= index < len(self):
      raise IndexError(f"row {index} of {self!r}: must be 0..{len(self) - 1}")
    try:
      row = self._source[index]
    except RuntimeError as error:
      path = self._paths[int(np.searchsorted(self._ends, int(index), side="right"))]
      raise ValueError(_corrupt(path, error)) from error
    return {key: value.decode() if "view_" not in key and isinstance(value, bytes) else value
            for key, value in row.items()}  # fmt: skip

  def __repr__(self) -> str:  # Grain writes it into the iterator's state: no addresses of objects
    return f"FamilySource({self.data_dir.name}, {self.family}, {len(self)})"


def list_families(data_dir: str | Path) -> list[str]:
  """Families that have rows in a data set."""
  return sorted(_builder(Path(data_dir)).info.splits)


def _builder(data_dir: Path):
  if not (data_dir / "dataset_info.json").exists():
    raise ValueError(
      f"{data_dir} holds no finished data set (no dataset_info.json); make it with "
      f"`python -m data_pipelines.demonstrations --data_dir {data_dir}`, which also resumes"
    )
  return tfds.builder_from_directory(str(data_dir))


def _corrupt(path: str | Path, reason: object) -> str:
  return (
    f"{path} is damaged ({reason}); delete this file and dataset_info.json beside it, and run the "
    "command again that made the data set: it makes only what is missing"
  )
