"""Tells gymnasium of `CrossVoxel-v0`; importing this module or installing the package does it."""

import gymnasium

ENV_ID = "CrossVoxel-v0"


def register() -> None:
  """Registers `CrossVoxel-v0`, single and vector; gymnasium's plugin entry point."""
  if ENV_ID not in gymnasium.registry:
    gymnasium.register(
      ENV_ID,
      entry_point="cross_jax.envs.voxel.gym.env:CrossVoxelEnv",
      vector_entry_point="cross_jax.envs.voxel.gym.vector:CrossVoxelVectorEnv",
    )


register()
