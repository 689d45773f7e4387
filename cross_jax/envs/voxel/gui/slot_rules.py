"""What every slot of every GUI takes, gives, and where a shift-click sends a stack: tables.

Source: the containers of Java edition 1.16 (Slot.mayPlace, getMaxStackSize, quickMoveStack).
Deviations: an empty bucket is no fuel; a shift-click spreads a stack of glass bottles over a
brewing stand, and moves what a grindstone does not take between hotbar and main.
"""

import numpy as np

from cross_jax.envs.voxel.content.tables import ITEMS, SMELT_BLAST, SMELT_FURNACE, SMELT_SMOKER
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.gui.layout import NUM_GUIS, NUM_SLOTS
from cross_jax.envs.voxel.gui.stations import CUT_NUM, IS_ADDITION

SMELT_BIT = np.zeros(NUM_GUIS, np.int32)  # SMELT_* of the furnaces among the GUIs
SMELT_BIT[list(layout.FURNACE_GUIS)] = SMELT_FURNACE, SMELT_SMOKER, SMELT_BLAST
_BREWED = ("nether_wart", "redstone", "glowstone_dust", "fermented_spider_eye", "gunpowder",
           "dragon_breath", "spider_eye", "ghast_tear", "rabbit_foot", "blaze_powder",
           "glistering_melon_slice", "sugar", "magma_cream", "golden_carrot", "pufferfish",
           "turtle_helmet", "phantom_membrane")  # fmt: skip
_BOTTLES = ("potion", "splash_potion", "lingering_potion", "glass_bottle")
_PAYMENT = ("netherite_ingot", "emerald", "diamond", "gold_ingot", "iron_ingot")
_HATS = ("carved_pumpkin", "player_head", "zombie_head", "creeper_head", "dragon_head",
         "skeleton_skull", "wither_skeleton_skull")  # fmt: skip


def _named(*names: str) -> np.ndarray:
  return np.isin(ITEMS.names, names)


def _ending(*ends: str) -> np.ndarray:
  return np.asarray([name.endswith(ends) for name in ITEMS.names])


_ANY, _NOTHING = np.ones(len(ITEMS.names), bool), np.zeros(len(ITEMS.names), bool)
_BANNER = _ending("_banner")
_DYE = _ending("_dye")
_PATTERN = _ending("_banner_pattern")
_MAP = _named("filled_map")
_MAP_ADDITION = _named("paper", "map", "glass_pane")
_WORN_OUT = (ITEMS.durability > 0) | _named("enchanted_book")
_ARMOR = {
  layout.HEAD: (ITEMS.armor_slot == 1) | _named(*_HATS),
  layout.CHEST: (ITEMS.armor_slot == 2) | _named("elytra"),
  layout.LEGS: ITEMS.armor_slot == 3,
  layout.FEET: ITEMS.armor_slot == 4,
}
_SPECIAL = {  # (GUI, slot): bool[num_items]
  **{(layout.GUI_INVENTORY, slot): items for slot, items in _ARMOR.items()},
  **{(gui, layout.FURNACE_FUEL): ITEMS.fuel_ticks > 0 for gui in layout.FURNACE_GUIS},
  **{(gui, layout.FURNACE_OUTPUT): _NOTHING for gui in layout.FURNACE_GUIS},
  (layout.GUI_LOOM, layout.LOOM_BANNER): _BANNER,
  (layout.GUI_LOOM, layout.LOOM_DYE): _DYE,
  (layout.GUI_LOOM, layout.LOOM_PATTERN): _PATTERN,
  (layout.GUI_CARTOGRAPHY_TABLE, layout.MAP): _MAP,
  (layout.GUI_CARTOGRAPHY_TABLE, layout.MAP_ADDITION): _MAP_ADDITION,
  (layout.GUI_GRINDSTONE, layout.REPAIR_FIRST): _WORN_OUT,
  (layout.GUI_GRINDSTONE, layout.REPAIR_SECOND): _WORN_OUT,
  **{(layout.GUI_BREWING_STAND, layout.BREW_BOTTLE + i): _named(*_BOTTLES) for i in range(3)},
  (layout.GUI_BREWING_STAND, layout.BREW_INGREDIENT): _named(*_BREWED),
  (layout.GUI_BREWING_STAND, layout.BREW_FUEL): _named("blaze_powder"),
  (layout.GUI_BEACON, layout.BEACON_PAYMENT): _named(*_PAYMENT),
}


def _accepting() -> tuple[np.ndarray, np.ndarray]:
  """(class of each slot int32[NUM_GUIS, NUM_SLOTS], what a class takes bool[k, num_items])."""
  classes = [_ANY, _NOTHING]
  of_slot = np.where(layout.IS_SHOWN, 0, 1).astype(np.int32)
  of_slot[:, layout.CRAFT_RESULT] = 1
  for (gui, slot), items in _SPECIAL.items():
    of_slot[gui, slot] = len(classes)
    classes.append(items)
  return of_slot, np.stack(classes)


# A slot takes an item where ACCEPTS[SLOT_CLASS[gui, slot], item].
SLOT_CLASS, ACCEPTS = _accepting()


def _limits() -> np.ndarray:
  limit = np.full((NUM_GUIS, NUM_SLOTS), 64, np.int32)
  limit[layout.GUI_INVENTORY, layout.FEET : layout.OFFHAND] = 1
  limit[layout.GUI_BREWING_STAND, layout.BREW_BOTTLE : layout.BREW_BOTTLE + 3] = 1
  limit[layout.GUI_BEACON, layout.BEACON_PAYMENT] = 1
  return limit


SLOT_LIMIT = _limits()  # int32[NUM_GUIS, NUM_SLOTS], the most a slot holds of anything


def _shift_targets() -> tuple[np.ndarray, np.ndarray]:
  """(target int32[NUM_GUIS, num_items], its slots bool[k, NUM_SLOTS]); target 0 has none."""
  slots = np.arange(NUM_SLOTS)
  targets = [np.zeros(NUM_SLOTS, bool)]
  of_item = np.zeros((NUM_GUIS, len(ITEMS.names)), np.int32)

  def send(gui: int, items: np.ndarray, first: int, num: int = 1) -> None:
    targets.append((slots >= first) & (slots < first + num))
    of_item[gui, items & (of_item[gui] == 0)] = len(targets) - 1  # the first rule counts

  for slot, items in _ARMOR.items():
    send(layout.GUI_INVENTORY, items, slot)
  send(layout.GUI_INVENTORY, _named("shield"), layout.OFFHAND)
  send(layout.GUI_CRAFTING_TABLE, _ANY, layout.CRAFT, 9)
  for gui in layout.FURNACE_GUIS:
    send(gui, (ITEMS.smelts_in & SMELT_BIT[gui]) > 0, layout.FURNACE_INPUT)
    send(gui, ITEMS.fuel_ticks > 0, layout.FURNACE_FUEL)
  send(layout.GUI_STONECUTTER, CUT_NUM > 0, layout.STONECUTTER_INPUT)
  send(layout.GUI_SMITHING_TABLE, IS_ADDITION, layout.SMITHING_ADDITION)
  send(layout.GUI_SMITHING_TABLE, _ANY, layout.SMITHING_BASE, 2)
  send(layout.GUI_LOOM, _BANNER, layout.LOOM_BANNER)
  send(layout.GUI_LOOM, _DYE, layout.LOOM_DYE)
  send(layout.GUI_LOOM, _PATTERN, layout.LOOM_PATTERN)
  send(layout.GUI_CARTOGRAPHY_TABLE, _MAP, layout.MAP)
  send(layout.GUI_CARTOGRAPHY_TABLE, _MAP_ADDITION, layout.MAP_ADDITION)
  send(layout.GUI_GRINDSTONE, _WORN_OUT, layout.REPAIR_FIRST, 2)
  send(layout.GUI_ANVIL, _ANY, layout.REPAIR_FIRST, 2)
  send(layout.GUI_BREWING_STAND, _named("blaze_powder"), layout.BREW_FUEL)
  send(layout.GUI_BREWING_STAND, _named(*_BREWED), layout.BREW_INGREDIENT)
  send(layout.GUI_BREWING_STAND, _named(*_BOTTLES), layout.BREW_BOTTLE, 3)
  send(layout.GUI_BEACON, _named(*_PAYMENT), layout.BEACON_PAYMENT)
  send(layout.GUI_CHEST, _ANY, layout.CHEST_FIRST, layout.NUM_BLOCK_SLOTS)
  return of_item, np.stack(targets)


# Where a shift-click on a stack of the inventory goes: SHIFT_SLOTS[SHIFT_TARGET[gui, item]].
SHIFT_TARGET, SHIFT_SLOTS = _shift_targets()
_GUI = np.arange(NUM_GUIS)
# Without room there, the stack changes between hotbar and main instead of staying.
FALLS_THROUGH = np.isin(
  _GUI,
  (layout.GUI_INVENTORY, layout.GUI_CRAFTING_TABLE, layout.GUI_GRINDSTONE, layout.GUI_BEACON),
)
_GIVES_BACKWARD = np.isin(_GUI, (layout.GUI_BREWING_STAND, layout.GUI_BEACON, layout.GUI_CHEST))


def _gives_backward() -> np.ndarray:
  gives = np.repeat(_GIVES_BACKWARD[:, None], NUM_SLOTS, axis=1)
  gives[:, layout.CRAFT_RESULT] = True
  gives[list(layout.FURNACE_GUIS), layout.FURNACE_OUTPUT] = True
  return gives


# bool[NUM_GUIS, NUM_SLOTS], a shift-click from there fills hotbar and main from their end
GIVES_BACKWARD = _gives_backward()


def _consumed() -> np.ndarray:
  consumed = np.zeros((NUM_GUIS, NUM_SLOTS), bool)
  consumed[:, layout.CRAFT : layout.CRAFT_RESULT] = True
  consumed[layout.GUI_STONECUTTER, layout.STONECUTTER_INPUT] = True
  consumed[layout.GUI_SMITHING_TABLE, [layout.SMITHING_BASE, layout.SMITHING_ADDITION]] = True
  return consumed & layout.IS_SHOWN


CONSUMED = _consumed()  # bool[NUM_GUIS, NUM_SLOTS], taking the result uses one up of each
KEEPS = np.isin(_GUI, layout.KEEPING_GUIS)  # bool[NUM_GUIS], the block keeps what lies in it
IS_FURNACE = SMELT_BIT > 0  # bool[NUM_GUIS]


def _remainder() -> np.ndarray:
  left = np.zeros(len(ITEMS.names), np.int32)
  for name, vessel in (("milk_bucket", "bucket"), ("water_bucket", "bucket"),
                       ("lava_bucket", "bucket"), ("honey_bottle", "glass_bottle"),
                       ("dragon_breath", "glass_bottle")):  # fmt: skip
    if name in ITEMS.index and vessel in ITEMS.index:
      left[ITEMS.index[name]] = ITEMS.index[vessel]
  return left


REMAINDER = _remainder()  # int32[num_items], what is left of an ingredient or a fuel, 0 = nothing
