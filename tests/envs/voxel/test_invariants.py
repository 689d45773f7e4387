"""The invariants see what is wrong, and random play breaks none of them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from world_driver import GROUND, Plain, press

from cross_jax.envs.voxel import soak
from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.invariants import CHECKS, broken, is_sound_change

_broken, _is_sound = jax.jit(broken), jax.jit(is_sound_change)


def _names(game):
  state = jax.tree.map(jnp.asarray, game.state)
  return [name for name, bad in zip(CHECKS, np.asarray(_broken(state))) if bad]


def _slots(game, item, count):
  slots = game.state.slots
  new = slots._replace(item=np.array(slots.item), count=np.array(slots.count))
  new.item[3], new.count[3] = item, count
  game.state = game.state._replace(slots=new)
  return game


def test_a_sound_state_breaks_nothing():
  assert _names(Plain().hold("stick", 3).run(press("forward"), 3)) == []


@pytest.mark.parametrize(
  ("change", "check"),
  [
    (lambda g: g.player(vel=(0, np.nan, 0)), 0),
    (lambda g: g.put("stone", (16, 10, 16)), 1),
    (lambda g: g.put("stone_slab", (16, 9, 16)), 1),
    (lambda g: g.player(pos=(-1.0, GROUND + 1, 16.5)), 2),
    (lambda g: _slots(g, 5, 0), 3),
    (lambda g: _slots(g, tables.ITEMS.index["iron_axe"], 2), 3),
    (lambda g: _slots(g, len(tables.ITEMS.names), 1), 3),
    (lambda g: g.player(mine_cell=1 << 20), 5),
    (lambda g: g.player(health=21), 6),
  ],
)
def test_each_check_sees_its_fault(change, check):
  assert CHECKS[check] in _names(change(Plain()))


def test_items_that_appear_in_a_gui_are_seen():
  game = Plain().hold("stick", 3).run(press("inventory")).run(press())
  before = jax.tree.map(jnp.asarray, game.state)
  assert bool(_is_sound(before, jax.tree.map(jnp.asarray, game.run(press()).state)))
  game.hold("stick", 4)
  assert not bool(_is_sound(before, jax.tree.map(jnp.asarray, game.state)))
  moved = Plain().hold("stick", 3).run(press("inventory")).run(press())
  item, count = np.array(moved.state.slots.item), np.array(moved.state.slots.count)
  item[[0, layout.HELD]], count[[0, layout.HELD]] = item[[layout.HELD, 0]], count[[layout.HELD, 0]]
  moved.state = moved.state._replace(slots=moved.state.slots._replace(item=item, count=count))
  assert bool(_is_sound(before, jax.tree.map(jnp.asarray, moved.state)))  # moved, not made


def test_random_play_breaks_nothing():
  report = soak.soak(1000, 5)
  assert report.num_ticks >= 1000 and report.first == ""
  assert set(report.num_broken.values()) == {0}


@pytest.mark.slow
def test_a_long_random_play_breaks_nothing():
  report = soak.soak(1_000_000, 64)
  assert report.first == "" and set(report.num_broken.values()) == {0}
