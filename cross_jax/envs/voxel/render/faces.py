"""Faces of mobs as data: 8x8 texels each, drawn on the front of the head."""

EYE_WHITE, DARK = (235, 235, 235), (20, 16, 24)

# A row of texels a word: 0 the head's own colour, 1 eye white, 2 dark, 3 snout, 4 the accent.
_USUAL = "00000000 00000000 00000000 12000021 12000021 00333300 00333300 00000000"
_OTHERS = {
  "creeper": "00000000 00000000 02200220 02200220 00022000 00222200 00222200 00200200",
  "skeleton stray wither_skeleton skeleton_horse": (
    "00000000 00000000 00000000 02200220 02200220 00022000 02222220 00000000"
  ),
  "enderman": "00000000 00000000 00000000 44400444 00000000 00000000 00000000 00000000",
  "phantom": "00000000 00000000 00000000 44000044 44000044 00000000 00000000 00000000",
  "guardian elder_guardian": (
    "00000000 00000000 00111100 01144110 01144110 00111100 00000000 00000000"
  ),
  "ghast": "00000000 00000000 22200222 00000000 00000000 00022000 00222200 00000000",
  "blaze": "00000000 00000000 00000000 22000022 22000022 00000000 00333300 00000000",
  "wither": "00000000 00000000 00000000 11000011 11000011 00000000 01111110 00000000",
  "panda": "00000000 00000000 22000022 21200212 22000022 00022000 00222200 00000000",
  "snow_golem": "00000000 00000000 02200220 02200220 00000000 02000020 02222220 00000000",
}
ACCENTS = {
  "enderman": (214, 70, 250), "phantom": (136, 216, 72), "guardian": (176, 40, 60),
  "elder_guardian": (176, 40, 60),
}  # fmt: skip
_BY_NAME = {name: face for names, face in _OTHERS.items() for name in names.split()}


def face_of(name: str) -> list[list[int]]:
  """The 8 rows of a mob's face, numbers as above."""
  return [[int(texel) for texel in row] for row in _BY_NAME.get(name, _USUAL).split()]
