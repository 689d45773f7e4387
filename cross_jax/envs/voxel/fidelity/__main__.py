"""`python -m cross_jax.envs.voxel.fidelity`: the table of measured rules."""

import sys

from cross_jax.envs.voxel.fidelity.report import main

if __name__ == "__main__":
  sys.exit(main())
