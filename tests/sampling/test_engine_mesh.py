"""The engine on eight devices answers as on one."""

import jax
import pytest
from models import small
from sampling.engine_requests import ROOM, C, in_order, make, make_requests, same

from cross_jax import sharding


def test_eight_devices_answer_as_one():
  params, requests = small.make_params(), make_requests(6, seed=12)
  members = [r._replace(member=m) for r in requests[:3] for m in range(2)] + requests[3:]
  want = in_order(members, make(params).run(members))
  mesh = sharding.make_mesh(2, 2, 2)
  placed = jax.device_put(params, sharding.tree_shardings(params, mesh, sharding.QWEN2_VL_RULES))
  engine = make(placed, ROOM._replace(num_slots=4), mesh=mesh)
  for ours, theirs in zip(in_order(members, engine.run(members)), want):
    same(ours, theirs)
    assert ours.num_reused == theirs.num_reused
  for x in jax.tree.leaves(engine._state.layers):  # [L, B, K, S, H]
    assert x.sharding.shard_shape(x.shape) == (C.depth, 1, 1, ROOM.max_len, C.head_dim)


def test_a_mesh_that_does_not_divide_is_refused():
  for sizes, match in (
    ((1, 1, 4), "kv_heads 2 on a mesh with tensor 4"),
    ((2, 1, 1), r"num_slots=3: must be a multiple of 2 \(data 2 x fsdp 1\)"),
  ):
    with pytest.raises(ValueError, match=match):
      make(small.make_params(), mesh=sharding.make_mesh(*sizes))
