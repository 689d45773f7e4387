"""The games as gymnasium environments; importing this package registers `CrossVoxel-v0`.

gymnasium imports what stands before the colon, so that one name is enough:

  gymnasium.make("cross_jax.envs.voxel.gym:CrossVoxel-v0")

>>> import gymnasium
>>> env = gymnasium.make("cross_jax.envs.voxel.gym:CrossVoxel-v0", width=32, height=18)
>>> env.observation_space["pov"].shape
(18, 32, 3)
"""

import gymnasium

ENV_ID = "CrossVoxel-v0"

if ENV_ID not in gymnasium.registry:
  gymnasium.register(
    ENV_ID,
    entry_point="cross_jax.envs.voxel.gym.env:CrossVoxelEnv",
    vector_entry_point="cross_jax.envs.voxel.gym.vector:CrossVoxelVectorEnv",
  )
