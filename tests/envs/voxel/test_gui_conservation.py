"""Random clicking in all GUIs never makes or loses an item, but for crafting, smelting, burning."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gui_driver import make_state

from cross_jax.base import BUTTON_INDEX, DEG_PER_PX, NUM_BUTTONS, RawAction
from cross_jax.envs.voxel.content.tables import BLOCKS, ITEMS
from cross_jax.envs.voxel.gui import furnaces, gui, layout, slot_rules, stores
from cross_jax.envs.voxel.params import Params
from cross_jax.envs.voxel.rules import events
from cross_jax.envs.voxel.state import SIZE_X, SIZE_Z, Slots, Stores

NUM_GAMES, NUM_TICKS = 14, 600
NUM_ITEMS = len(ITEMS.names)
START = {0: ("iron_ingot", 64), 3: ("stick", 40), 10: ("cod", 9), 11: ("coal", 5), 20: ("flint", 7),
         24: ("emerald_block", 12), 30: ("oak_planks", 50), 33: ("iron_sword", 1), 5: ("stone", 30),
         34: ("iron_sword", 1), 6: ("blackstone", 20), 12: ("honey_bottle", 16),
         13: ("milk_bucket", 1), 14: ("diamond_pickaxe", 1), 15: ("netherite_ingot", 3),
         16: ("blaze_powder", 8), 17: ("glass_bottle", 9), 18: ("carved_pumpkin", 5),
         19: ("iron_boots", 1), 21: ("shield", 1), 22: ("white_banner", 3), 23: ("red_dye", 4),
         25: ("paper", 6), 26: ("iron_ore", 9), 27: ("lava_bucket", 1), 28: ("oak_log", 4),
         layout.CRAFT: ("oak_planks", 60)}  # fmt: skip
_KEYS = ("attack", "use", "sneak", "sprint", "drop", "hotbar.1", "hotbar.4", "swapHands",
         "inventory", "ESC")  # fmt: skip
_CHANCE = (0.45, 0.35, 0.25, 0.1, 0.08, 0.06, 0.06, 0.03, 0.008, 0.004)
_BLOCK_OF = [np.flatnonzero(BLOCKS.gui == kind)[0] for kind in range(2, layout.NUM_GUIS)]
_WHERE = [(3 + i % 6, 2, 6 + i // 6) for i in range(26)]  # two of each, all within reach
_CELLS = np.asarray([(y * SIZE_Z + z) * SIZE_X + x for x, y, z in _WHERE]).reshape(-1, 2)
_SHOWN = [np.flatnonzero(layout.IS_SHOWN[kind]) for kind in range(layout.NUM_GUIS)]
_SHOWN = np.stack([np.resize(s if len(s) else [0], 200) for s in _SHOWN])


class Record(NamedTuple):
  """What a tick began with, what the clicks made of it and what the furnaces made of that."""

  before: tuple[Slots, Stores]
  clicked: tuple[Slots, Stores]
  cooked: tuple[Slots, Stores]
  thrown: Slots  # int32[MAX_DROPS] each, what left the inventory
  spilled: Slots
  kind: jax.Array
  is_book_open: jax.Array
  made: jax.Array  # int32[], events of craft_item


def _target(state, rng):
  """Where on the screen the mouse goes: mostly slots, often the result, else buttons."""
  rngs = jax.random.split(rng, 6)
  kind = state.gui.kind
  slot = jax.random.choice(rngs[0], jnp.asarray(_SHOWN)[kind])
  has_result = state.slots.count[layout.CRAFT_RESULT] > 0
  slot = jnp.where(has_result & jax.random.bernoulli(rngs[1], 0.4), layout.CRAFT_RESULT, slot)
  shift = jnp.where(gui.clicks.is_book_shown(state.gui), layout.BOOK_SHIFT, 0)
  shift = jnp.stack([shift, jnp.zeros_like(shift)])
  slot_xy = jnp.asarray(layout.SLOT_XY)[kind, slot] + 8 + shift
  button = jnp.asarray(layout.BOOK_BUTTON_XY)[kind] + 5 + shift
  entry = jax.random.choice(rngs[2], jnp.asarray(layout.BOOK_ENTRY_XY[:6])) + 8
  choice = jax.random.choice(rngs[3], jnp.asarray(layout.CHOICE_XY)) + 8
  others = [button, entry, choice, jnp.asarray(layout.PAGE_FORWARD_XY) + 4, jnp.asarray([9, 9])]
  other = jax.random.choice(rngs[4], jnp.stack([o.astype(jnp.int32) for o in others]))
  return jnp.where(jax.random.bernoulli(rngs[5], 0.75), slot_xy, other).astype(jnp.float32)


def _totals_of(drops):
  return Slots(drops.item, drops.count), drops._replace(
    item=jnp.zeros_like(drops.item), count=jnp.zeros_like(drops.count)
  )


def _tick(state, rng):
  target_rng, key_rng, open_rng, kind_rng, break_rng = jax.random.split(rng, 5)
  kind = jax.random.randint(kind_rng, (), 1, layout.NUM_GUIS)
  pair = jnp.asarray(_CELLS)[jnp.maximum(kind - 2, 0)]
  cell = jnp.where(kind == 1, -1, jax.random.choice(kind_rng, pair))
  flipped = jnp.asarray(_CELLS).reshape(-1)[jax.random.randint(break_rng, (), 0, _CELLS.size)]
  index = jnp.argmax(jnp.asarray(_CELLS).reshape(-1) == flipped) // 2
  block = jnp.where(state.blocks[flipped] == 0, jnp.asarray(_BLOCK_OF)[index], 0)
  is_flipped = jax.random.bernoulli(break_rng, 0.02)
  blocks = state.blocks.at[flipped].set(
    jnp.where(is_flipped, block, state.blocks[flipped].astype(block.dtype)).astype(jnp.uint16)
  )
  state = state._replace(blocks=blocks, events=events.no_events())
  before = (state.slots, state.stores)
  camera = ((_target(state, target_rng) - state.gui.cursor_px) * DEG_PER_PX)[::-1]
  down = jax.random.uniform(key_rng, (len(_KEYS),)) < jnp.asarray(_CHANCE)
  indices = np.asarray([BUTTON_INDEX[key] for key in _KEYS])
  buttons = jnp.zeros(NUM_BUTTONS, jnp.int8).at[indices].set(down.astype(jnp.int8))
  action = RawAction(buttons, camera)
  clicked = gui.apply_gui(state, action)._replace(prev_buttons=buttons)
  thrown, lying = _totals_of(clicked.drops)
  clicked = clicked._replace(drops=lying)
  is_opened = (clicked.gui.kind == 0) & jax.random.bernoulli(open_rng, 0.5)
  cooked = furnaces.tick_furnaces(clicked, action, Params())
  after = stores.spill(cooked, action, Params())
  spilled, lying = _totals_of(after.drops)
  after = gui.open_gui(after._replace(drops=lying), jnp.where(is_opened, kind, 0), cell)
  return after, Record(
    before,
    (clicked.slots, clicked.stores),
    (cooked.slots, cooked.stores),
    thrown,
    spilled,
    clicked.gui.kind,
    clicked.gui.is_book_open,
    clicked.events.amount[2],
  )


def _totals(*stacks):
  """How many of each item there are: int64[T, G, num_items]."""
  total = np.zeros((NUM_TICKS, NUM_GAMES, NUM_ITEMS), np.int64)
  where = tuple(a[..., None] for a in np.mgrid[0:NUM_TICKS, 0:NUM_GAMES])
  for item, count in stacks:
    flat = lambda x: x.reshape(NUM_TICKS, NUM_GAMES, -1)
    np.add.at(total, (*where, flat(item)), flat(count))
  return total


def _world(slots, kept):
  """The stacks that there are: all slots but the result, which isn't yet there, and the stores."""
  count = np.where(np.arange(layout.NUM_SLOTS) == layout.CRAFT_RESULT, 0, slots.count)
  return (slots.item, count), (kept.item, kept.count)


def _burning(kept):
  """Stores of a furnace, a smoker and a blast furnace with something to cook."""
  for row, (kind, name) in enumerate(zip(layout.FURNACE_GUIS, ("cod", "cod", "iron_ore"))):
    items = jnp.asarray([ITEMS.index[name], ITEMS.index["coal"]])
    kept = kept._replace(
      kind=kept.kind.at[row].set(kind),
      cell=kept.cell.at[row].set(int(_CELLS[kind - 2, 0])),
      item=kept.item.at[row, :2].set(items),
      count=kept.count.at[row, :2].set(jnp.asarray([5, 1])),
    )
  return kept


@pytest.fixture(scope="module")
def record():
  blocks = np.zeros_like(np.asarray(make_state(0, {}).blocks))
  blocks[_CELLS] = np.asarray(_BLOCK_OF)[:, None]
  state = make_state(layout.GUI_INVENTORY, START)._replace(blocks=jnp.asarray(blocks))
  state = state._replace(stores=_burning(state.stores))
  states = jax.tree.map(lambda x: jnp.stack([x] * NUM_GAMES), state)
  rngs = jax.random.split(jax.random.PRNGKey(0), NUM_TICKS * NUM_GAMES)
  rngs = rngs.reshape(NUM_TICKS, NUM_GAMES, 2)
  run = jax.jit(lambda s, r: jax.lax.scan(jax.vmap(_tick), s, r))
  return jax.tree.map(np.asarray, run(states, rngs)[1])


def test_clicks_conserve_items(record):
  before, after = _totals(*_world(*record.before)), _totals(*_world(*record.clicked))
  change = after + _totals(record.thrown) - before
  crafts = np.zeros(layout.NUM_GUIS, int)
  for t, game in np.argwhere(change.any(-1)):
    slots = jax.tree.map(lambda x, at=(t, game): x[at], record.before[0])
    kind = record.kind[t, game]
    product, number = (x[layout.CRAFT_RESULT] for x in slots)
    times, rest = divmod(record.made[t, game], max(number, 1))
    assert number and times and not rest, f"game {game} tick {t}: {np.flatnonzero(change[t, game])}"
    expected = np.zeros(NUM_ITEMS, np.int64)
    expected[product] += times * number
    for slot in np.flatnonzero(slot_rules.CONSUMED[kind] & (slots.count > 0)):
      expected[slots.item[slot]] -= times
      expected[slot_rules.REMAINDER[slots.item[slot]]] += times
    expected[0] = 0
    np.testing.assert_array_equal(change[t, game], expected, err_msg=f"game {game} tick {t}")
    crafts[kind] += 1
  makers = (layout.GUI_INVENTORY, layout.GUI_CRAFTING_TABLE, layout.GUI_STONECUTTER)
  assert all(crafts[kind] >= 5 for kind in makers)  # the checks above saw real crafting
  assert set(np.unique(record.kind)) == set(range(layout.NUM_GUIS))
  assert 0.1 < record.is_book_open[np.isin(record.kind, layout.BOOK_GUIS)].mean() < 0.9


def test_furnaces_conserve_items(record):
  """What changes is: one input less and one product more, and one fuel less, a furnace and tick."""
  assert np.array_equal(
    _totals(*_world(*record.cooked)),
    _totals(*_world(*record.clicked)) + _cooking(record),
  )


def _cooking(record):
  change = np.zeros((NUM_TICKS, NUM_GAMES, NUM_ITEMS), np.int64)
  first = slice(layout.BLOCK, layout.BLOCK + 3)
  num_cooked = 0
  for t, game in np.ndindex(NUM_TICKS, NUM_GAMES):
    rows = []
    for slots, kept in (record.clicked, record.cooked):
      item = np.concatenate([slots.item[t, game, first][None], kept.item[t, game, :, :3]])
      count = np.concatenate([slots.count[t, game, first][None], kept.count[t, game, :, :3]])
      rows.append((item, count))
    (old, had), (new, has) = rows
    for k in np.flatnonzero((had != has).any(-1) | (old != new).any(-1)):
      product = ITEMS.smelts_to[old[k, 0]]
      cooked = had[k, 0] - has[k, 0]
      assert cooked in (0, 1)
      if cooked:
        num_cooked += 1
        change[t, game, old[k, 0]] -= 1
        change[t, game, product] += 1
      vessel = slot_rules.REMAINDER[old[k, 1]]
      if had[k, 1] != has[k, 1] or old[k, 1] != new[k, 1]:
        assert ITEMS.fuel_ticks[old[k, 1]] > 0
        change[t, game, old[k, 1]] -= 1
        if vessel and has[k, 1]:
          change[t, game, vessel] += 1
  assert num_cooked > 4
  return change


def test_what_a_broken_block_kept_lies_on_the_ground(record):
  """From the end of one tick's furnaces to the next tick's start only spilled stacks leave."""
  cooked, start = _totals(*_world(*record.cooked)), _totals(*_world(*record.before))
  spilled = _totals(record.spilled)
  np.testing.assert_array_equal(start[1:], (cooked - spilled)[:-1])
  assert spilled.sum() > 0


def test_no_bad_state_is_reached(record):
  for slots, kept in (record.clicked, record.cooked):
    for stacks in (slots, kept):
      assert np.array_equal(stacks.item == 0, stacks.count == 0)
      assert np.all((stacks.count >= 0) & (stacks.count <= ITEMS.stack_size[stacks.item]))
    assert np.all(slots.count <= np.where(layout.IS_SHOWN, slot_rules.SLOT_LIMIT, 64)[record.kind])
    hidden = ~layout.IS_SHOWN[record.kind]
    hidden[..., : layout.CRAFT] = False
    hidden[..., layout.HELD] = record.kind == layout.GUI_NONE
    assert not slots.count[hidden].any()
    accepts = slot_rules.ACCEPTS[slot_rules.SLOT_CLASS[record.kind], slots.item]
    special = slot_rules.ACCEPTS.any(1)[slot_rules.SLOT_CLASS[record.kind]]
    is_vessel = np.isin(slots.item, np.unique(slot_rules.REMAINDER))  # a bucket left by lava
    assert np.all(accepts | ~special | (slots.count == 0) | is_vessel)
    free = kept.kind == 0
    assert not kept.count[free].any() and np.all(kept.burn_ticks[free] == 0)
    assert np.all(slot_rules.KEEPS[kept.kind] | free)
