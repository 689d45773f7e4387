"""Which program draws the pictures: the renderer in JAX, or the native kernel on a CPU.

>>> with renderer("native"):
...   is_native()
True
"""

import jax

JAX, NATIVE = "jax", "native"
RENDERERS = (JAX, NATIVE)
# Part of the key of every jit's cache: `with renderer(NATIVE):` around a call traces it anew.
renderer = jax.make_user_context(JAX)


def check_renderer(name: str) -> None:
  """Checks that a renderer can draw here.

  Raises:
    ValueError: another name than one of RENDERERS, or `native` where JAX's default device is no
      CPU.
  """
  if name not in RENDERERS:
    raise ValueError(f"renderer {name!r}: must be one of {', '.join(RENDERERS)}")
  if name == NATIVE and jax.default_backend() != "cpu":
    raise ValueError(
      f"renderer {NATIVE!r} draws on a CPU, and the default device is {jax.default_backend()}: "
      f"use {JAX!r}, or JAX_PLATFORMS=cpu"
    )


def is_native() -> bool:
  """Whether what is being traced shall be drawn by the native kernel.

  Raises:
    ValueError: as check_renderer.
  """
  check_renderer(renderer.value)
  return renderer.value == NATIVE
