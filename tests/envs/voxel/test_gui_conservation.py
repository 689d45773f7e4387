"""Random clicking never makes or loses an item, but for crafting, smelting and burning."""

import jax
import jax.numpy as jnp
import numpy as np
from gui_driver import apply_gui, make_state

from cross_jax.base import BUTTON_INDEX, DEG_PER_PX, NUM_BUTTONS, RawAction
from cross_jax.envs.voxel import gui, layout
from cross_jax.envs.voxel.tables import ITEMS

NUM_GAMES, NUM_TICKS = 9, 400
START = {0: ("iron_ingot", 64), 3: ("stick", 40), 10: ("cod", 9), 11: ("coal", 5), 20: ("flint", 7),
         24: ("emerald_block", 12), 30: ("oak_planks", 50), 33: ("iron_sword", 1),
         34: ("iron_sword", 1), layout.FURNACE_INPUT: ("cod", 5),
         layout.FURNACE_FUEL: ("stick", 9), layout.CRAFT: ("oak_planks", 60)}  # fmt: skip
_OFTEN = (*START, *range(layout.CRAFT, layout.CRAFT + 5))
_KEYS = ("attack", "use", "sneak", "hotbar.1", "hotbar.4", "inventory", "ESC")
_CHANCE = (0.45, 0.4, 0.25, 0.06, 0.06, 0.01, 0.005)


def _tick(state, rng):
  slot_rng, key_rng, rare_rng, take_rng = jax.random.split(rng, 4)
  often = jnp.asarray(_OFTEN)[jax.random.randint(slot_rng, (), 0, len(_OFTEN))]
  rare = jax.random.randint(rare_rng, (), 0, layout.HELD)
  slot = jnp.where(jax.random.bernoulli(rare_rng, 0.2), rare, often)
  has_result = state.slots.count[layout.CRAFT_RESULT] > 0
  slot = jnp.where(has_result & jax.random.bernoulli(take_rng, 0.5), layout.CRAFT_RESULT, slot)
  target = (jnp.asarray(layout.SLOT_XY)[state.gui.kind, slot] + 8).astype(jnp.float32)
  camera = ((target - state.gui.cursor_px) * DEG_PER_PX)[::-1]
  down = jax.random.uniform(key_rng, (len(_KEYS),)) < jnp.asarray(_CHANCE)
  indices = np.asarray([BUTTON_INDEX[key] for key in _KEYS])
  buttons = jnp.zeros(NUM_BUTTONS, jnp.int8).at[indices].set(down.astype(jnp.int8))
  clicked = apply_gui(state, RawAction(buttons, camera))._replace(prev_buttons=buttons)
  cooked = gui.tick_furnace(clicked)
  return cooked, (clicked.slots, cooked.slots, clicked.stats.craft_item, clicked.gui.kind)


def _totals(item, count):
  is_real = np.arange(layout.NUM_SLOTS) != layout.CRAFT_RESULT  # a result isn't yet there
  return np.bincount(item, np.where(is_real, count, 0), minlength=len(ITEMS.names))


def test_random_clicks_conserve_items():
  kinds = (layout.GUI_INVENTORY, layout.GUI_CRAFTING_TABLE, layout.GUI_FURNACE) * (NUM_GAMES // 3)
  starts = [make_state(kind, START) for kind in kinds]
  state = jax.tree.map(lambda *x: jnp.stack(x), *starts)
  rngs = jax.random.split(jax.random.PRNGKey(0), NUM_TICKS * NUM_GAMES)
  rngs = rngs.reshape(NUM_TICKS, NUM_GAMES, 2)
  run = jax.jit(lambda s, r: jax.lax.scan(jax.vmap(_tick), s, r))
  clicked, cooked, made, opened = jax.tree.map(np.asarray, run(state, rngs)[1])
  num_crafts = num_cooked = 0
  for game in range(NUM_GAMES):
    before = jax.tree.map(np.asarray, starts[game].slots)
    stat = np.zeros(len(ITEMS.names), np.int64)
    for t in range(NUM_TICKS):
      after = jax.tree.map(lambda x, t=t, g=game: x[t, g], clicked)
      gained = made[t, game] - stat
      expected = _totals(*before)
      result, number = before.item[layout.CRAFT_RESULT], before.count[layout.CRAFT_RESULT]
      if result and gained[result] == number:  # taken: one of each in the grid is used up
        grid = slice(layout.CRAFT, layout.CRAFT + 9)
        shown = layout.SLOT_XY[opened[t, game], grid, 0] != layout.HIDDEN
        used = before.item[grid][shown & (before.count[grid] > 0)]
        expected[result] += number
        expected = expected - np.bincount(used, minlength=len(stat))
        num_crafts += 1
      np.testing.assert_array_equal(_totals(*after), expected, err_msg=f"game {game} tick {t}")
      end = jax.tree.map(lambda x, t=t, g=game: x[t, g], cooked)
      fuel, source, product = (
        end.count[slot] - after.count[slot]
        for slot in (layout.FURNACE_FUEL, layout.FURNACE_INPUT, layout.FURNACE_OUTPUT)
      )
      assert fuel in (-1, 0) and source == -product and product in (0, 1)
      num_cooked += int(product)
      for slots in (after, end):
        assert np.array_equal(slots.item == 0, slots.count == 0)
        assert np.all((slots.count >= 0) & (slots.count <= ITEMS.stack_size[slots.item]))
      before, stat = end, made[t, game].astype(np.int64)
  assert num_crafts > 20 and num_cooked > 4  # the checks above saw real crafting and cooking
