"""Where activations lie on a mesh of devices: a batch's rows stay where they are.

Left to itself, the compiler may keep kernels split along the width they multiply, hold the rows of
all devices on each, and sum the products: as much memory as without a mesh. Told where the rows
are, it gathers kernels instead, one layer at a time. Nothing is told without a mesh
(sharding.on_mesh), nor where the mesh does not divide an array.
"""

import math

import jax
from jax.sharding import PartitionSpec as P

from cross_jax.base import ROW_AXES, TENSOR_AXIS


def by_rows(x):
  """x [B, ...] with its rows, and those of its gradient, over all of the mesh's row axes."""
  return _placed(x, ROW_AXES)


def by_heads(x):
  """Queries, keys or values [B, T, N, H] with rows as `by_rows` and heads over 'tensor'."""
  return _placed(x, ROW_AXES, (), (TENSOR_AXIS,))


def by_width(x):
  """What was looked up in an embedding table, [B, T, D], with its width where the table's is.

  Rows are then over the first row axis alone: each device looks up its part of the width for the
  rows of its group, and they exchange the parts; none needs the whole table.
  """
  return _placed(x, ROW_AXES[:1], (), ROW_AXES[1:])


def by_kernel(kernel, split: int | None, parts: int = 0):
  """A linear layer's kernel [in, out], or a factor of it, whole but for 'tensor'.

  Said so, each device multiplies its rows with what it has gathered. Left to itself, the
  partitioner also matches the kernel's devices with those of the rows, and where a device has one
  row it leaves them in the kernel's order: other numbers, without an error (XLA of jaxlib 0.10).

  Args:
    kernel: [in, out].
    split: the dimension that 'tensor' splits, None for none.
    parts: of that dimension, which stay whole (heads); 0 for any.
  """
  mesh = jax.sharding.get_abstract_mesh()
  if mesh.empty or not {*ROW_AXES, TENSOR_AXIS} <= set(mesh.axis_names):
    return kernel
  axes = [None, None]
  if split is not None and not math.gcd(kernel.shape[split], parts) % mesh.shape[TENSOR_AXIS]:
    axes[split] = TENSOR_AXIS
  return jax.lax.with_sharding_constraint(kernel, P(*axes))


def _placed(x, *axes: tuple[str, ...]):
  """x with each of its first dimensions split over the given axes of the mesh."""
  mesh = jax.sharding.get_abstract_mesh()
  if mesh.empty or not {*ROW_AXES, TENSOR_AXIS} <= set(mesh.axis_names):
    return x
  num_shards = (math.prod(mesh.shape[axis] for axis in names) for names in axes)
  if any(size % shards for size, shards in zip(x.shape, num_shards)):
    return x
  return jax.lax.with_sharding_constraint(x, P(*(names or None for names in axes)))
