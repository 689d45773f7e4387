"""The lists that set-ups draw from, by name, so that new content doesn't change old episodes."""

import json
from importlib import resources

import numpy as np

from cross_jax.envs.voxel.content.tables import BLOCKS, ITEMS

_FILE = resources.files("cross_jax.envs.tasks") / "data" / "first_pools.json"
_FIRST = json.loads(_FILE.read_text())

FIRST_TASKS = frozenset(_FIRST["tasks"])  # whose worlds stay as they were first staged
SCENERY = np.asarray([BLOCKS.index[name] for name in _FIRST["blocks"]])  # blocks to scatter
SPARE_ITEMS = tuple(ITEMS.index[name] for name in _FIRST["items"])  # stacks without a use
IN_PAIRS = frozenset(_FIRST["pairs"])  # mobs that come alone or as two
