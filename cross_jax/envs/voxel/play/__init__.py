"""A human plays: `python -m cross_jax.envs.voxel.play`, in a browser or in a window."""
