"""One mesh ('data', 'fsdp', 'tensor'): where parameters, train state and batches live on it.

A parameter's place follows from its path by the first regular expression that matches; nothing in a
step or a model depends on the number of devices.
"""

import functools
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

from cross_jax.base import ROW_AXES, TENSOR_AXIS, Batch
from cross_jax.models.qwen2_vl.config import Qwen2VLConfig

AXES = (*ROW_AXES, TENSOR_AXIS)

# Where the batch axis of each field of a Batch is.
BATCH_AXES = Batch(
  patches=0,
  token_ids=0,
  segment_ids=0,
  positions=1,
  target_ids=0,
  target_from=0,
  target_mask=0,
  old_logp=0,
  advantage=0,
  attend_to=0,
)

Rules = Sequence[tuple[str, P]]  # (regular expression of a path, its partition)

# Where models.qwen2_vl lives: 'tensor' splits heads, hidden units and the vocabulary, so that a
# block needs one sum over it; 'fsdp' splits the other side. Layers are stacked along axis 0. An
# adapter's sides lie as its kernel's; Adafactor's means and Muon's constants are on every device.
# Take them through `qwen2_vl_rules`, which looks at the heads.
QWEN2_VL_RULES: Rules = (
  ("(^|/)((v_row|v_col)/|ns_coeffs$)", P()),
  ("(^|/)(bias|scale)$", P()),
  ("(^|/)embed/embedding$", P("tensor", "fsdp")),
  ("(^|/)head/kernel$", P("fsdp", "tensor")),
  ("(^|/)(q_proj|k_proj|v_proj|gate_proj|up_proj|qkv|fc1)/kernel$", P(None, "fsdp", "tensor")),
  ("(^|/)(o_proj|down_proj|proj|fc2)/kernel$", P(None, "tensor", "fsdp")),
  ("(^|/)(patch_embed|mlp_0)/kernel$", P("fsdp", "tensor")),
  ("(^|/)mlp_2/kernel$", P("tensor", "fsdp")),
  ("(^|/)(q_proj|k_proj|v_proj|gate_proj|up_proj|qkv|fc1)/lora_a$", P(None, "fsdp")),
  ("(^|/)(q_proj|k_proj|v_proj|gate_proj|up_proj|qkv|fc1)/lora_b$", P(None, None, "tensor")),
  ("(^|/)(o_proj|down_proj|proj|fc2)/lora_a$", P(None, "tensor")),
  ("(^|/)(o_proj|down_proj|proj|fc2)/lora_b$", P(None, None, "fsdp")),
  ("(^|/)mlp_0/lora_a$", P("fsdp")),
  ("(^|/)mlp_0/lora_b$", P(None, "tensor")),
  ("(^|/)mlp_2/lora_a$", P("tensor")),
  ("(^|/)mlp_2/lora_b$", P(None, "fsdp")),
)


def qwen2_vl_rules(config: Qwen2VLConfig, mesh: Mesh) -> Rules:
  """QWEN2_VL_RULES for a model on a mesh, after a look at its heads.

  'tensor' must split query and vision heads whole: a head in two parts is put together again in
  every layer, at the cost of the communication that 'tensor' is there to avoid. Key/value heads
  that it does not divide (2 of the preset 2b over 4) are replicated along it: they are few, and
  each of their heads serves the query heads of several devices.

  Args:
    config: of the model.
    mesh: of make_mesh.
  Returns:
    Rules for `tree_shardings`.
  Raises:
    ValueError: 'tensor' does not divide heads or vision_heads.

  >>> from cross_jax.models.qwen2_vl.config import preset
  >>> qwen2_vl_rules(preset("2b"), make_mesh()) == QWEN2_VL_RULES
  True
  """
  num_tensor = mesh.shape["tensor"]
  for name, number in (("heads", config.heads), ("vision_heads", config.vision_heads)):
    if number % num_tensor:
      both = math.gcd(config.heads, config.vision_heads)
      sizes = [n for n in range(1, both + 1) if both % n == 0]
      raise ValueError(
        f"mesh {tuple(mesh.shape.values())} of {AXES}: 'tensor' {num_tensor} does not divide the "
        f"model's {number} {name}; choose a 'tensor' of {', '.join(map(str, sizes))} and put the "
        "other devices into 'fsdp'"
      )
  if config.kv_heads % num_tensor == 0:
    return QWEN2_VL_RULES
  of_kv = (
    ("(^|/)(k_proj|v_proj)/kernel$", P(None, "fsdp", None)),
    ("(^|/)(k_proj|v_proj)/lora_b$", P()),
  )
  statistics, *others = QWEN2_VL_RULES  # an optimiser's statistics of a kernel have its name too
  return (statistics, *of_kv, *others)


def make_mesh(
  num_data: int = 1,
  num_fsdp: int = 1,
  num_tensor: int = 1,
  *,
  devices: Sequence[jax.Device] | None = None,
) -> Mesh:
  """The mesh of the given sizes over the first devices.

  Args:
    num_data, num_fsdp, num_tensor: sizes of the axes, each at least 1.
    devices: all devices of all processes if None.
  Returns:
    A Mesh with axes AXES, partitioned automatically (no sharding in types).
  Raises:
    ValueError: a size is below 1, or fewer devices than their product.

  >>> print(dict(make_mesh().shape))
  {'data': 1, 'fsdp': 1, 'tensor': 1}
  """
  sizes = (num_data, num_fsdp, num_tensor)
  devices = jax.devices() if devices is None else list(devices)
  num_needed = int(np.prod(sizes))
  if min(sizes) < 1 or num_needed > len(devices):
    raise ValueError(
      f"mesh {sizes} of {AXES}: sizes must be at least 1 and need {num_needed} devices, "
      f"{len(devices)} are there; make their product at most {len(devices)}"
    )
  grid = np.asarray(devices[:num_needed]).reshape(sizes)
  return Mesh(grid, AXES, axis_types=(AxisType.Auto,) * len(AXES))


def tree_shardings(tree: Any, mesh: Mesh, rules: Rules) -> Any:
  """The sharding of every leaf by the first rule whose expression is found in its path.

  Paths join keys, fields and indices by "/", as in "params/layers/attention/query/kernel"; an
  optimiser's moments end in the path of their parameter, so the same rules place them; statistics
  of another rank than their parameter (Adafactor's v_row and v_col) need a rule before those.
  Leaves of one element and keys of random numbers are replicated. Along a dimension that an axis
  does not divide (a vocabulary of 517 over 2 devices) the leaf is replicated too; heads are
  `qwen2_vl_rules`' matter.

  Args:
    tree: pytree of arrays or of jax.ShapeDtypeStruct.
    mesh: of make_mesh.
    rules: pairs (regular expression, PartitionSpec); a spec may be longer than the leaf's rank only
      if the leaf has one element (what stands for a moment that an optimiser does not keep).
  Returns:
    The tree with NamedShardings as leaves.
  Raises:
    ValueError: no rule matches a leaf, or a spec has more entries than the leaf has dimensions.
  """

  def place(path, leaf):
    if leaf.size == 1:
      return NamedSharding(mesh, P())
    name = path_name(path)
    for pattern, spec in rules:
      if re.search(pattern, name):
        return NamedSharding(mesh, _fit(name, leaf.shape, mesh, spec))
    raise ValueError(
      f"{name} of shape {leaf.shape}: no sharding rule matches; add one, "
      'or end the rules with (".*", P()) to replicate the rest'
    )

  return jax.tree.map_with_path(place, tree)


def batch_shardings(mesh: Mesh) -> Batch:
  """The sharding of every field of a Batch: rows over 'data' and 'fsdp'.

  Args:
    mesh: of make_mesh.
  Returns:
    A Batch of NamedShardings.
  """
  return Batch(*(NamedSharding(mesh, P(*[None] * axis, ROW_AXES)) for axis in BATCH_AXES))


def row_sharding(mesh: Mesh) -> NamedSharding:
  """The sharding of an array whose axis 0 is the batch axis, as a Batch's old_logp."""
  return NamedSharding(mesh, P(ROW_AXES))


def on_mesh(function: Callable[..., Any], shardings: Any) -> Callable[..., Any]:
  """The function, traced with the mesh of its arguments' shardings as the current one.

  The compiler cannot split a hand-written kernel over devices; a model that calls one asks
  `jax.sharding.get_abstract_mesh` and splits it itself.

  Args:
    function: to be jitted.
    shardings: pytree of NamedShardings of one mesh.
  Returns:
    The function of the same arguments.
  """
  mesh = jax.tree.leaves(shardings)[0].mesh.abstract_mesh

  @functools.wraps(function)
  def traced(*args: Any) -> Any:
    with jax.sharding.use_abstract_mesh(mesh):
      return function(*args)

  return traced


def put_batch(batch: Batch, mesh: Mesh) -> Batch:
  """Puts this process's rows of a batch on its devices.

  Args:
    batch: NumPy or JAX arrays with the rows of this process; all processes bring equally many, and
      those that share a place on 'data' and 'fsdp' (a 'tensor' axis over processes) the same ones.
    mesh: of make_mesh.
  Returns:
    The global Batch of jax.Arrays.
  Raises:
    ValueError: the rows do not divide over the mesh's 'data' and 'fsdp' axes.
  """
  num_shards = mesh.shape["data"] * mesh.shape["fsdp"]
  places = row_sharding(mesh).addressable_devices_indices_map((num_shards,)).values()
  num_ours = len({place[0].start or 0 for place in places})  # of the shards, on this process
  num_rows = batch.token_ids.shape[0]
  if num_rows % num_ours:
    whose = "" if num_ours == num_shards else f", {num_ours} of them on this process"
    raise ValueError(
      f"batch of {num_rows} rows: must be a multiple of {num_ours} (data {mesh.shape['data']} x "
      f"fsdp {mesh.shape['fsdp']}{whose}); pad it with masked rows or change the batch size"
    )
  return jax.tree.map(
    lambda rows, sharding: jax.make_array_from_process_local_data(sharding, np.asarray(rows)),
    batch,
    batch_shardings(mesh),
  )


def path_name(path: Sequence[Any]) -> str:
  """The name of a leaf's path: keys, fields and indices joined by "/".

  >>> print(jax.tree.leaves_with_path({"a": (1, {"b": 2})})[1][0])
  (DictKey(key='a'), SequenceKey(idx=1), DictKey(key='b'))
  >>> print(path_name(jax.tree.leaves_with_path({"a": (1, {"b": 2})})[1][0]))
  a/1/b
  """
  return jax.tree_util.keystr(path, simple=True, separator="/")


def _fit(name: str, shape: tuple[int, ...], mesh: Mesh, spec: P) -> P:
  if len(spec) > len(shape):
    raise ValueError(
      f"{name} of shape {shape}: its rule {spec} has {len(spec)} entries for {len(shape)} "
      "dimensions; shorten the rule or match this path by an earlier one"
    )
  entries = []
  for size, entry in zip(shape, spec):
    axes = entry if isinstance(entry, tuple) else (entry,) if entry else ()
    num_shards = int(np.prod([mesh.shape[axis] for axis in axes], dtype=int))
    entries.append(entry if size % num_shards == 0 else None)
  return P(*entries)
