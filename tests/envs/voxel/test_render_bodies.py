"""Bodies of mobs: every one has a face, its arms have none, and no two mobs look the same."""

import numpy as np

from cross_jax.envs.voxel.content.tables import MOBS
from cross_jax.envs.voxel.render.bodies import BODIES, SKIN_WORDS, SKINS
from cross_jax.envs.voxel.render.body_plans import ARM, HEAD, PLANS
from cross_jax.envs.voxel.render.faces import ACCENTS, HEADS, face_of


def skin(mob: int, part: int, is_front: bool) -> np.ndarray:
  """uint8[8, 8, 3] of a side of a part."""
  start = (BODIES.tile[mob, part] + is_front) * SKIN_WORDS
  words = SKINS[start : start + SKIN_WORDS].view(np.uint32)
  return np.stack([words >> s & 255 for s in (0, 8, 16)], -1).reshape(8, 8, 3).astype(int)


def test_a_face_is_on_the_head_and_nowhere_else():
  for mob, name in enumerate(MOBS.names[1:], start=1):
    face = np.asarray(face_of(name))
    assert face.shape == (8, 8) and set(np.unique(face)) <= {0, 1, 2, 3, 4, 5}, name
    for part, (kind, _, _) in enumerate(PLANS[name]):
      front = skin(mob, part, is_front=True)
      if kind == HEAD:
        assert (front[face == 2] == (20, 16, 24)).all() and (front[face == 1] == 235).all(), name
      if kind == ARM:
        np.testing.assert_array_equal(front, skin(mob, part, is_front=False))
  assert ACCENTS.keys() | HEADS.keys() <= set(MOBS.names)
  cow, enderman = MOBS.index["cow"], MOBS.index["enderman"]
  assert [kind for kind, _, _ in PLANS["zombie"]].count(ARM) == 2
  assert skin(cow, 1, is_front=True)[3, :2].tolist() == [[235] * 3, [20, 16, 24]]  # an eye
  assert skin(enderman, 1, is_front=True)[3, 0].tolist() == [214, 70, 250]
  nose = skin(MOBS.index["villager"], 1, is_front=True)[4, 3]
  np.testing.assert_allclose(nose, 0.75 * MOBS.colors[MOBS.index["villager"], HEAD], atol=0.5)


def test_no_two_mobs_look_the_same():
  """Boxes, or the skins of their sides, tell any two apart; a kind and its giant by size alone."""
  looks = {}
  for mob, name in enumerate(MOBS.names[1:], start=1):
    parts = range(len(PLANS[name]))
    mean = [skin(mob, part, is_front=False).mean((0, 1)).round(-1).tolist() for part in parts]
    looks[name] = (BODIES.half[mob].round(2).tolist(), mean)
  names = list(looks)
  same = [(a, b) for i, a in enumerate(names) for b in names[:i] if looks[a] == looks[b]]
  assert not same
