"""The renderer as a C++ kernel for CPUs: the same pictures as the JAX renderer's, faster."""

from cross_jax.envs.voxel.render.native.build import load_kernel as load_kernel
from cross_jax.envs.voxel.render.native.draw import draw_native as draw_native
