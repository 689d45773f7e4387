"""Shapes of blocks: boxes that are seen and boxes that stop bodies, one orientation each.

Sizes in sixteenths of a cell, (x0, y0, z0, x1, y1, z1). A thing that looks somewhere looks to -z
(north): its back, the wall or neighbour that it hangs on, is at z = 16. Fences, walls and panes
have the arms of a row along x. Source of the sizes: the public documentation of Java edition 1.16
(minecraft.fandom.com, pages of the blocks); simplified where a shape has more than five boxes.
"""

KIND_CUBE, KIND_PLANT, KIND_BOXES = range(3)
SOLID = "solid"  # collision as seen

_FULL = (0, 0, 0, 16, 16, 16)
_LOW = lambda height: (0, 0, 0, 16, height, 16)  # noqa: E731
_COLUMN = lambda inset, y0, y1: (inset, y0, inset, 16 - inset, y1, 16 - inset)  # noqa: E731

# name: (kind, boxes seen, boxes that stop bodies or SOLID)
SHAPES = {
  "cube": (KIND_CUBE, (_FULL,), SOLID),
  "plant": (KIND_PLANT, (_FULL,), ()),
  "slab": (KIND_BOXES, (_LOW(8),), SOLID),
  "stairs": (KIND_BOXES, (_LOW(8), (0, 8, 8, 16, 16, 16)), SOLID),
  "fence": (
    KIND_BOXES,
    (_COLUMN(6, 0, 16), (0, 12, 7, 6, 15, 9), (10, 12, 7, 16, 15, 9), (0, 6, 7, 6, 9, 9),
     (10, 6, 7, 16, 9, 9)),
    ((0, 0, 6, 16, 24, 10),),
  ),
  "fence_gate": (
    KIND_BOXES,
    ((0, 5, 7, 2, 16, 9), (14, 5, 7, 16, 16, 9), (6, 6, 7, 10, 15, 9), (2, 12, 7, 14, 15, 9),
     (2, 6, 7, 14, 9, 9)),
    ((0, 0, 6, 16, 24, 10),),
  ),
  "wall": (KIND_BOXES, (_COLUMN(4, 0, 16), (0, 0, 5, 4, 14, 11), (12, 0, 5, 16, 14, 11)),
           ((0, 0, 4, 16, 24, 12),)),
  "pane": (KIND_BOXES, ((0, 0, 7, 16, 16, 9),), SOLID),
  "carpet": (KIND_BOXES, (_LOW(1),), SOLID),
  "snow_layer": (KIND_BOXES, (_LOW(2),), ()),
  "door": (KIND_BOXES, ((0, 0, 13, 16, 16, 16),), SOLID),
  "trapdoor": (KIND_BOXES, (_LOW(3),), SOLID),
  "pressure_plate": (KIND_BOXES, (_COLUMN(1, 0, 1),), ()),
  "button": (KIND_BOXES, ((5, 6, 14, 11, 10, 16),), ()),
  "lever": (KIND_BOXES, ((5, 4, 13, 11, 12, 16), (7, 8, 6, 9, 10, 13)), ()),
  "bed_foot": (KIND_BOXES, ((0, 3, 0, 16, 9, 16), (0, 0, 13, 3, 3, 16), (13, 0, 13, 16, 3, 16)),
               (_LOW(9),)),
  "bed_head": (
    KIND_BOXES,
    ((0, 3, 0, 16, 9, 16), (0, 0, 0, 3, 3, 3), (13, 0, 0, 16, 3, 3), (2, 9, 1, 14, 11, 7)),
    (_LOW(9),),
  ),
  "chest": (KIND_BOXES, ((1, 0, 1, 15, 14, 15), (7, 7, 0, 9, 11, 1)), (_COLUMN(1, 0, 14),)),
  "cactus": (KIND_BOXES, (_COLUMN(1, 0, 16),), (_COLUMN(1, 0, 15),)),
  "cake": (KIND_BOXES, (_COLUMN(1, 0, 8),), SOLID),
  "farmland": (KIND_BOXES, (_LOW(15),), SOLID),
  "soul_sand": (KIND_CUBE, (_FULL,), (_LOW(14),)),
  "daylight_detector": (KIND_BOXES, (_LOW(6),), SOLID),
  "repeater": (KIND_BOXES, (_LOW(2), (7, 2, 2, 9, 7, 4), (7, 2, 10, 9, 7, 12)), (_LOW(2),)),
  "comparator": (
    KIND_BOXES,
    (_LOW(2), (7, 2, 2, 9, 5, 4), (4, 2, 11, 6, 7, 13), (10, 2, 11, 12, 7, 13)),
    (_LOW(2),),
  ),
  "rail": (KIND_BOXES, ((3, 0, 0, 5, 1, 16), (11, 0, 0, 13, 1, 16), (0, 0, 2, 16, 0.5, 5),
                        (0, 0, 10, 16, 0.5, 13)), ()),
  "lily_pad": (KIND_BOXES, ((1, 0, 1, 15, 0.5, 15),), ((1, 0, 1, 15, 1.5, 15),)),
  "wire": (KIND_BOXES, ((0, 0, 7, 16, 0.5, 9), (7, 0, 0, 9, 0.5, 16), (5, 0, 5, 11, 0.5, 11)), ()),
  "tripwire": (KIND_BOXES, ((0, 1.5, 7.5, 16, 2, 8.5),), ()),
  "tripwire_hook": (KIND_BOXES, ((6, 1, 14, 10, 9, 16), (7, 3, 8, 9, 5, 14)), ()),
  "ladder": (
    KIND_BOXES,
    ((2, 0, 14, 4, 16, 16), (12, 0, 14, 14, 16, 16), (4, 2, 15, 12, 4, 16),
     (4, 7, 15, 12, 9, 16), (4, 12, 15, 12, 14, 16)),
    ((0, 0, 13, 16, 16, 16),),
  ),
  "vine": (KIND_BOXES, ((0, 0, 15, 16, 16, 16),), ()),
  "torch": (KIND_BOXES, (_COLUMN(7, 0, 10),), ()),
  "wall_torch": (KIND_BOXES, ((7, 3, 13, 9, 8, 15), (7, 6, 11, 9, 13, 13)), ()),
  "lantern": (KIND_BOXES, (_COLUMN(5, 0, 7), _COLUMN(6, 7, 9)), SOLID),
  "campfire": (
    KIND_BOXES,
    ((1, 0, 0, 5, 4, 16), (11, 0, 0, 15, 4, 16), (0, 3, 3, 16, 7, 13), (2, 7, 7.5, 14, 16, 8.5),
     (7.5, 7, 2, 8.5, 16, 14)),
    (_LOW(7),),
  ),
  "anvil": (
    KIND_BOXES,
    (_COLUMN(2, 0, 4), (4, 4, 3, 12, 5, 13), (6, 5, 4, 10, 10, 12), (3, 10, 0, 13, 16, 16)),
    SOLID,
  ),
  "bell": (
    KIND_BOXES,
    ((0, 0, 6, 2, 16, 10), (14, 0, 6, 16, 16, 10), (2, 13, 7, 14, 15, 9), _COLUMN(5, 6, 13),
     _COLUMN(4, 4, 6)),
    SOLID,
  ),
  "grindstone": (
    KIND_BOXES,
    ((2, 0, 6, 4, 7, 10), (12, 0, 6, 14, 7, 10), (2, 7, 5, 4, 13, 11), (12, 7, 5, 14, 13, 11),
     (4, 4, 2, 12, 16, 14)),
    SOLID,
  ),
  "stonecutter": (KIND_BOXES, (_LOW(9), (1, 9, 7.5, 15, 15, 8.5)), (_LOW(9),)),
  "brewing_stand": (
    KIND_BOXES,
    (_COLUMN(7, 2, 14), (1, 0, 2, 7, 2, 8), (1, 0, 9, 7, 2, 15), (9, 0, 5, 15, 2, 11)),
    ((1, 0, 1, 15, 2, 15), _COLUMN(7, 2, 14)),
  ),
  "cauldron": (
    KIND_BOXES,
    ((0, 3, 0, 2, 16, 16), (14, 3, 0, 16, 16, 16), (2, 3, 0, 14, 16, 2), (2, 3, 14, 14, 16, 16),
     (1, 0, 1, 15, 4, 15)),
    SOLID,
  ),
  "composter": (
    KIND_BOXES,
    ((0, 0, 0, 2, 16, 16), (14, 0, 0, 16, 16, 16), (2, 0, 0, 14, 16, 2), (2, 0, 14, 14, 16, 16),
     (2, 0, 2, 14, 2, 14)),
    SOLID,
  ),
  "hopper": (KIND_BOXES, ((0, 10, 0, 16, 16, 16), _COLUMN(4, 4, 10), _COLUMN(6, 0, 4)),
             SOLID),
  "lectern": (KIND_BOXES, (_LOW(2), _COLUMN(4, 2, 12), (0, 12, 1, 16, 14, 15)), SOLID),
  "flower_pot": (KIND_BOXES, (_COLUMN(5, 0, 6),), SOLID),
  "potted": (
    KIND_BOXES,
    (_COLUMN(5, 0, 6), (2, 6, 7.5, 14, 16, 8.5), (7.5, 6, 2, 8.5, 16, 14)),
    (_COLUMN(5, 0, 6),),
  ),
  "potted_cactus": (KIND_BOXES, (_COLUMN(5, 0, 6), _COLUMN(6, 6, 16)), (_COLUMN(5, 0, 6),)),
  "enchanting_table": (KIND_BOXES, (_LOW(12), (5, 12, 4, 11, 14, 12)), (_LOW(12),)),
  "end_rod": (KIND_BOXES, (_COLUMN(6, 0, 1), _COLUMN(7, 1, 16)), SOLID),
  "chain": (KIND_BOXES, (_COLUMN(6.5, 0, 16),), SOLID),
  "bamboo": (KIND_BOXES, (_COLUMN(6.5, 0, 16), (9.5, 11, 6, 14, 13, 10), (2, 5, 6, 6.5, 7, 10)),
             (_COLUMN(6.5, 0, 16),)),
  "scaffolding": (
    KIND_BOXES,
    ((0, 14, 0, 16, 16, 16), (0, 0, 0, 2, 14, 2), (14, 0, 0, 16, 14, 2), (0, 0, 14, 2, 14, 16),
     (14, 0, 14, 16, 14, 16)),
    SOLID,
  ),
  "sea_pickle": (KIND_BOXES, (_COLUMN(6, 0, 6),), SOLID),
  "fan": (KIND_BOXES, ((2, 0, 2, 14, 2, 14), (5, 2, 5, 11, 4, 11)), ()),
  "wall_fan": (KIND_BOXES, ((2, 4, 5, 14, 6, 16), (5, 6, 9, 11, 10, 16)), ()),
  "turtle_egg": (KIND_BOXES, ((3, 0, 3, 12, 7, 12),), SOLID),
  "dragon_egg": (KIND_BOXES, (_COLUMN(3, 0, 3), _COLUMN(1, 3, 8), _COLUMN(3, 8, 13),
                              _COLUMN(5, 13, 16)), (_COLUMN(1, 0, 16),)),
  "skull": (KIND_BOXES, (_COLUMN(4, 0, 8),), SOLID),
  "wall_skull": (KIND_BOXES, ((4, 4, 8, 12, 12, 16),), SOLID),
  "sign": (KIND_BOXES, (_COLUMN(7, 0, 8), (0, 8, 7, 16, 16, 9)), ()),
  "wall_sign": (KIND_BOXES, ((0, 4, 14, 16, 12, 16),), ()),
  "banner": (KIND_BOXES, (_COLUMN(7, 0, 16), (1, 0, 6, 15, 16, 7)), ()),
  "wall_banner": (KIND_BOXES, ((1, 0, 14, 15, 14, 15), (0, 14, 14, 16, 16, 16)), ()),
  "conduit": (KIND_BOXES, (_COLUMN(5, 5, 11),), SOLID),
  "cocoa": (KIND_BOXES, ((4, 3, 7, 12, 12, 15), (7.5, 12, 12, 8.5, 16, 16)), (
    (4, 3, 7, 12, 12, 15),)),
  "honey_block": (KIND_CUBE, (_FULL,), (_COLUMN(1, 0, 15),)),
  "chorus_plant": (KIND_BOXES, (_COLUMN(3, 0, 16),), SOLID),
  "chorus_flower": (KIND_BOXES, (_COLUMN(2, 0, 14), _COLUMN(4, 14, 16)), (_FULL,)),
  "portal_frame": (KIND_BOXES, (_LOW(13), _COLUMN(4, 13, 16)), SOLID),
  "portal_sheet": (KIND_BOXES, ((0, 0, 6, 16, 16, 10),), ()),
  "end_portal": (KIND_BOXES, (_LOW(12),), ()),
  "piston_head": (KIND_BOXES, ((0, 0, 0, 16, 16, 4), (6, 6, 4, 10, 10, 16)), SOLID),
  "sky_cube": (KIND_CUBE, (_FULL,), ()),
}  # fmt: skip


def collision_of(name: str) -> tuple:
  """The boxes of a shape that stop bodies, in sixteenths of a cell."""
  _, boxes, collision = SHAPES[name]
  return boxes if collision == SOLID else collision


def shape_rows() -> list[dict]:
  """The rows of shapes.json, in cells."""
  rows = []
  for name, (kind, boxes, _) in SHAPES.items():
    rows.append({
      "name": name, "kind": kind, "boxes": [[c / 16 for c in box] for box in boxes],
      "collision": [[c / 16 for c in box] for box in collision_of(name)],
    })  # fmt: skip
  return rows
