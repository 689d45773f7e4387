"""The plain that the world's tests share."""

from cross_jax.envs.voxel.plain import GROUND as GROUND
from cross_jax.envs.voxel.plain import Plain as Plain
from cross_jax.envs.voxel.plain import build_boxes as build_boxes
from cross_jax.envs.voxel.plain import cell as cell
from cross_jax.envs.voxel.plain import flood_light as flood_light
from cross_jax.envs.voxel.plain import press as press
