"""Where a run computes: its processes and its mesh, from config.distributed and config.mesh."""

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import Mesh
from ml_collections import ConfigDict

from cross_jax import sharding
from cross_jax.checkpoint.disk import meet

REST = -1  # size of an axis: the devices that the other axes leave


def start_processes(config: ConfigDict) -> None:
  """Joins the run's other processes, if config.distributed; before anything else asks for a device.

  JAX_COORDINATOR_ADDRESS, JAX_NUM_PROCESSES and JAX_PROCESS_ID say which they are; on a TPU pod and
  under Slurm or Open MPI JAX finds out by itself.

  Raises:
    ValueError: a variable is missing or no number, and JAX knows of no cluster.
  """
  if not config.distributed or jax.distributed.is_initialized():
    return
  jax.config.update("jax_cpu_collectives_implementation", "gloo")  # read on a CPU only
  number = lambda name: int(os.environ[name]) if name in os.environ else None
  try:
    jax.distributed.initialize(
      os.environ.get("JAX_COORDINATOR_ADDRESS"),
      number("JAX_NUM_PROCESSES"),
      number("JAX_PROCESS_ID"),
    )
  except (ValueError, RuntimeError) as error:
    raise ValueError(
      f"config.distributed is set, but the processes did not meet ({error}): give each "
      "JAX_COORDINATOR_ADDRESS (host:port of the first), JAX_NUM_PROCESSES and JAX_PROCESS_ID"
    ) from error


def make_mesh(config: ConfigDict) -> Mesh | None:
  """The mesh of a config, or None if it is one device: arrays are then where JAX puts them.

  Raises:
    ValueError: sizes that the devices, or the processes, do not fit.
  """
  sizes = mesh_sizes(config.mesh, jax.device_count())
  if np.prod(sizes) == 1 and jax.process_count() == 1:
    return None
  mesh = sharding.make_mesh(*sizes)
  if jax.process_count() > 1 and mesh.size != jax.device_count():
    raise ValueError(
      f"mesh {sizes} of {mesh.size} devices: the {jax.process_count()} processes have "
      f"{jax.device_count()}, and each must take part; let an axis be {REST}, the rest"
    )
  if sizes[0] % jax.process_count():
    raise ValueError(
      f"mesh {sizes}: 'data' must be a multiple of the {jax.process_count()} processes, so that "
      "each holds all parameters and plays its own games"
    )
  return mesh


def mesh_sizes(mesh: Mapping[str, int], num_devices: int) -> tuple[int, ...]:
  """The sizes of sharding.AXES with the one that is REST worked out.

  Raises:
    ValueError: two axes are REST, or the others do not divide the devices.

  >>> mesh_sizes({"data": 1, "fsdp": -1, "tensor": 2}, 8)
  (1, 4, 2)
  """
  sizes = [mesh[axis] for axis in sharding.AXES]
  if REST in sizes:
    others = int(np.prod([size for size in sizes if size != REST]))
    if sizes.count(REST) > 1 or others < 1 or num_devices % others:
      raise ValueError(
        f"mesh {tuple(sizes)} of {sharding.AXES}: one axis may be {REST} (the rest), and the "
        f"others must divide the {num_devices} devices"
      )
    sizes[sizes.index(REST)] = num_devices // others
  return tuple(sizes)


def own_share(total: int, what: str) -> int:
  """This process's part of a number that the config gives for all processes together.

  Raises:
    ValueError: the processes do not divide it.
  """
  num = jax.process_count()
  if total % num:
    raise ValueError(f"{what}={total}: must be a multiple of the {num} processes")
  return total // num


def check_rows(mesh: Mesh | None, what: str, rows: int) -> None:
  """Refuses a batch whose rows the mesh does not divide.

  Raises:
    ValueError: names the number, its value and what it must be a multiple of.
  """
  if mesh is None:
    return
  num = mesh.shape["data"] * mesh.shape["fsdp"]
  if rows % num:
    raise ValueError(
      f"{what}={rows} on mesh {tuple(mesh.shape.values())} of {sharding.AXES}: must be a multiple "
      f"of {num} (data x fsdp), a row or more for each; change it, or the mesh"
    )


def largest(number: int) -> int:
  """The largest of what the processes give."""
  if jax.process_count() == 1:
    return number
  meet("largest")  # they come from games of different lengths
  return int(multihost_utils.process_allgather(np.int32(number)).max())


def own_part(episodes: Sequence[Any], group_size: int) -> Sequence[Any]:
  """This process's groups of an iteration's episodes."""
  num_groups = own_share(len(episodes) // group_size, "mtrl.num_groups")
  first = jax.process_index() * num_groups * group_size
  return episodes[first : first + num_groups * group_size]


def mean_of_all(metrics: dict[str, float]) -> dict[str, float]:
  """The mean of each metric over the processes; one that a process lacks is 0 there."""
  if jax.process_count() == 1:
    return metrics
  texts = _gather(json.dumps(metrics).encode())
  found = [json.loads(text) for text in texts]
  names = sorted({name for each in found for name in each})
  return {name: sum(each.get(name, 0.0) for each in found) / len(found) for name in names}


def _gather(text: bytes) -> list[bytes]:
  """The bytes that each process gives."""
  padded = np.frombuffer(text.ljust(largest(len(text))), np.uint8)  # JSON takes spaces at its end
  return [row.tobytes() for row in np.asarray(multihost_utils.process_allgather(padded))]


def local_part(tree: Any, mesh: Mesh | None) -> Any:
  """Parameters on this process's devices alone, for programs that it runs without the others."""
  if mesh is None or jax.process_count() == 1:
    return tree
  local = local_mesh(mesh)

  def part(leaf: jax.Array) -> jax.Array:
    placed = jax.sharding.NamedSharding(local, leaf.sharding.spec)
    shards = [shard.data for shard in leaf.addressable_shards]
    return jax.make_array_from_single_device_arrays(leaf.shape, placed, shards)

  return jax.tree.map(part, tree)


def local_mesh(mesh: Mesh | None) -> Mesh | None:
  """The mesh of this process's devices: its rows along 'data'."""
  if mesh is None or jax.process_count() == 1:
    return mesh
  return Mesh(mesh.local_mesh.devices, sharding.AXES, axis_types=mesh.axis_types)
