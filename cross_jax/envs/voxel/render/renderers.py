"""Which program draws the pictures: the renderer in JAX, or the native kernel on a CPU.

The renderer in JAX runs everywhere and is the reference; the kernel needs a C++ compiler once, and
draws pictures only, no labels. VoxelEnv, functional.make and the gymnasium environments choose for
themselves, by their argument; the context is for calls of render_batch.

>>> with renderer("native"):
...   is_native()
True
"""

import jax

from cross_jax.envs.voxel.batch_layout import default_platform
from cross_jax.envs.voxel.render.native.build import load_kernel

JAX, NATIVE = "jax", "native"
RENDERERS = (JAX, NATIVE)
# Part of the key of every jit's cache: `with renderer(NATIVE):` around a call traces it anew.
renderer = jax.make_user_context(JAX)


def check_renderer(name: str) -> None:
  """Checks that a renderer can draw here; the first time the native one is built, in seconds.

  Raises:
    ValueError: another name than one of RENDERERS, or `native` where JAX's default device is no
      CPU.
    RuntimeError: `native` cannot be built here; the message says what to do.
  """
  if name not in RENDERERS:
    raise ValueError(f"renderer {name!r}: must be one of {', '.join(RENDERERS)}")
  if name == NATIVE and default_platform() != "cpu":
    raise ValueError(
      f"renderer {NATIVE!r} draws on a CPU, and the default device is {default_platform()}: "
      f"use {JAX!r}, JAX_PLATFORMS=cpu, or jax.default_device"
    )
  if name == NATIVE:
    load_kernel()


def is_native() -> bool:
  """Whether what is being traced shall be drawn by the native kernel.

  Raises:
    ValueError, RuntimeError: as check_renderer.
  """
  check_renderer(renderer.value)
  return renderer.value == NATIVE
