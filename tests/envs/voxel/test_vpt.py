"""VPT's action space: hand-worked ids and bins, round trips, on the host and inside jit."""

import doctest

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cross_jax.base import BUTTON_INDEX, RawAction, no_op
from cross_jax.envs.voxel import vpt
from cross_jax.envs.voxel.vpt import AgentAction


def raw(*keys, pitch=0.0, yaw=0.0):
  action = no_op()
  for key in keys:
    action.buttons[BUTTON_INDEX[key]] = 1
  action.camera_deg[:] = (pitch, yaw)
  return action


def pressed(action):
  return {name for name, i in BUTTON_INDEX.items() if action.buttons[i]}


def test_the_docstrings_example():
  assert doctest.testmod(vpt).failed == 0


def test_the_sizes_of_the_space():
  assert vpt.INVENTORY == 10 * 3 * 3 * 3 * 2**5 == 8640
  assert vpt.BUTTON_TABLE.shape == (8641, 23)
  assert len({row.tobytes() for row in vpt.BUTTON_TABLE}) == 8640 // 2 + 1  # x camera or not
  assert vpt.HAS_CAMERA.sum() == 4320
  assert (vpt.NUM_CAMERA_IDS, vpt.STILL) == (121, 60)


@pytest.mark.parametrize(
  "keys, camera, buttons",
  [
    ((), (0.0, 0.0), 0),
    ((), (0.0, 5.0), 1),  # camera alone
    (("jump",), (0.0, 0.0), 2),
    (("attack",), (0.0, 0.0), 4),
    (("drop",), (0.0, 0.0), 8),
    (("use",), (0.0, 0.0), 16),
    (("sprint",), (0.0, 0.0), 32),
    (("sneak",), (0.0, 0.0), 64),
    (("left",), (0.0, 0.0), 96),  # 3 * 32
    (("right",), (0.0, 0.0), 192),
    (("forward",), (0.0, 0.0), 288),  # 3 * 96
    (("back",), (0.0, 0.0), 576),
    (("hotbar.1",), (0.0, 0.0), 864),  # 3 * 288
    (("hotbar.9",), (0.0, 0.0), 7776),  # 9 * 864
    (("forward", "attack", "jump"), (1.0, 0.0), 288 + 4 + 2 + 1),
    (("inventory",), (0.0, 0.0), 8640),
  ],
)
def test_hand_worked_ids_both_ways(keys, camera, buttons):
  action = vpt.from_raw(raw(*keys, pitch=camera[0], yaw=camera[1]))
  assert action.buttons == buttons
  assert pressed(vpt.to_raw(action)) == set(keys)


@pytest.mark.parametrize(
  "keys, kept",
  [
    (("forward", "back"), ()),
    (("left", "right", "jump"), ("jump",)),
    (("sprint", "sneak"), ("sneak",)),
    (("hotbar.2", "hotbar.7"), ("hotbar.7",)),
    (("inventory", "forward", "attack"), ("inventory",)),
    (("pickItem", "swapHands", "ESC", "use"), ("use",)),  # not in VPT's space
  ],
)
def test_precedence_in_the_groups(keys, kept):
  assert pressed(vpt.to_raw(vpt.from_raw(raw(*keys)))) == set(kept)


def test_bins_of_the_camera():
  expected = [0.6154, 1.6095, 3.2154, 5.8095, 10.0]  # contract.md 1.4
  np.testing.assert_allclose(vpt.bin_centres()[6:], expected, atol=1e-4)
  np.testing.assert_array_equal(vpt.bin_centres()[:5], -vpt.bin_centres()[:5:-1])
  np.testing.assert_array_equal(vpt.camera_bins(vpt.bin_centres()), np.arange(11))
  # v = ln(1 + |x|) / ln 11 * 10; bin 5 up to v = 1: x = 11^0.1 - 1 = 0.27098
  got = vpt.camera_bins(np.float32([0.27, 0.272, -0.272, 180.0, -11.0]))
  np.testing.assert_array_equal(got, [5, 6, 4, 10, 0])
  assert vpt.from_raw(raw(pitch=10.0)).camera == 10 * 11 + 5  # pitch first
  assert vpt.from_raw(raw(yaw=10.0)).camera == 5 * 11 + 10
  assert vpt.from_raw(raw(yaw=0.2)) == AgentAction(0, 60)  # too small a turn is none


def test_the_camera_rests_without_its_bit_and_with_the_inventory():
  np.testing.assert_array_equal(vpt.to_raw(AgentAction(np.int32(4), 120)).camera_deg, [0, 0])
  np.testing.assert_array_equal(vpt.to_raw(AgentAction(np.int32(8640), 120)).camera_deg, [0, 0])
  np.testing.assert_array_equal(vpt.to_raw(AgentAction(np.int32(5), 120)).camera_deg, [10, 10])
  assert vpt.from_raw(raw("inventory", yaw=9.0)) == AgentAction(8640, 60)


def test_every_id_comes_back_in_numpy_and_in_jit():
  buttons = np.arange(vpt.NUM_BUTTON_IDS, dtype=np.int32)
  camera = np.arange(len(buttons), dtype=np.int32) % 121
  camera = np.where(vpt.HAS_CAMERA, np.where(camera == 60, 61, camera), 60)
  action = AgentAction(buttons, camera)
  back = vpt.from_raw(vpt.to_raw(action))
  for got, want in zip(back, action):
    np.testing.assert_array_equal(got, want)
  inside = jax.jit(lambda a: (vpt.to_raw(a), vpt.from_raw(vpt.to_raw(a))))
  raw_in_jit, back_in_jit = inside(jax.tree.map(jnp.asarray, action))
  for got, want in zip(jax.tree.leaves((raw_in_jit, back_in_jit)), [*vpt.to_raw(action), *back]):
    np.testing.assert_array_equal(got, want)
    assert got.dtype == want.dtype


def test_bad_ids_are_refused_on_the_host_and_clipped_in_jit():
  good = AgentAction(np.int64([0, 8640]), np.int64([60, 120]))
  checked = vpt.check_agent_action(good, (2,))
  assert checked.buttons.dtype == np.int32
  for bad, message in [
    (good._replace(buttons=np.int32([0, 8641])), r"buttons id 8641: must be 0\.\.8640"),
    (good._replace(camera=np.int32([-1, 0])), r"camera id -1: must be 0\.\.120"),
    (good._replace(camera=np.int32([0])), r"camera of shape \(1,\): must be \(2,\)"),
    (good._replace(buttons=np.float32([0, 1])), "buttons of type float32: must be integers"),
  ]:
    with pytest.raises(ValueError, match=message):
      vpt.check_agent_action(bad, (2,))
  wild = AgentAction(jnp.asarray(9000), jnp.asarray(999))
  got = jax.jit(vpt.to_raw)(wild)
  assert isinstance(got, RawAction) and pressed(got) == {"inventory"}
  moving = np.flatnonzero(vpt.HAS_CAMERA)[0]
  for wild_id, nearest in ((-1, 0), (121, 120), (200, 120)):
    turns = [vpt.to_raw(AgentAction(moving, np.int32(i))).camera_deg for i in (wild_id, nearest)]
    np.testing.assert_array_equal(*turns)
