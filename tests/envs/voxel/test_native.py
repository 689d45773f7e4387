"""The native renderer: pictures equal to those of the renderer in JAX, building, errors."""

import doctest
import os
import shutil
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cross_jax.base import NUM_BUTTONS, RawAction, View
from cross_jax.envs import tasks
from cross_jax.envs.gallery.scenes import SCENES
from cross_jax.envs.voxel import functional
from cross_jax.envs.voxel.content.tables import BLOCKS, ITEMS, MOBS
from cross_jax.envs.voxel.env import VoxelEnv
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.render import (
  CODE_GUI,
  CODE_MOB,
  render_batch,
  render_labelled,
  renderer,
  renderers,
)
from cross_jax.envs.voxel.render.native import build, draw, screen_lists, sheet, tables
from cross_jax.envs.voxel.render.native.build import load_kernel
from cross_jax.envs.voxel.reset import reset
from cross_jax.screen import TINY_VIEWS
from tests.envs.voxel.render_scene import CENTRE, EYE, PANEL, make_state, random_world, stack

# Equal to the bit where both are compiled for AVX-512. Elsewhere XLA and the C++ compiler may fuse
# other products with their sums, so that a ray that grazes an edge meets what is beside it.
_CPU = Path("/proc/cpuinfo")
HAS_AVX512 = _CPU.exists() and "avx512dq" in _CPU.read_text(encoding="utf-8")
MOST_DIFFERING = 0.0 if HAS_AVX512 else 1e-3  # of a game's samples

needs_compiler = pytest.mark.skipif(
  not any(shutil.which(name) for name in ("g++", "clang++", "c++")), reason="no C++ compiler"
)
SQUARE = View(0, 0, 640, 360, 64, 64)
ODD = View(100, 50, 601, 333, 61, 43)  # no whole number of packets on either side


def both(states, views):
  """Pictures by (JAX, native), NumPy arrays."""
  out = []
  for name in (renderers.JAX, renderers.NATIVE):
    with renderer(name):
      out.append([np.asarray(image) for image in render_batch(states, views)])
  return list(zip(*out, strict=True))


def assert_alike(states, *views):
  for reference, native in both(states, views):
    assert native.shape == reference.shape and native.dtype == np.uint8
    assert np.all(np.std(reference, axis=(1, 2, 3)) > 1)  # there is something to see
    is_other = np.any(native != reference, axis=-1)
    assert is_other.mean(axis=(1, 2)).max() <= MOST_DIFFERING, np.argwhere(is_other)[:5]


@pytest.fixture(scope="module")
def rich():
  """Worlds full of what rays pass through, with mobs, drops, shots, cracks and water."""
  names = [MOBS.index[name] for name in ("pig", "cow", "zombie", "creeper", "spider", "ghast")]
  near = [[16.5 + dx, 12.0, 13.0 + dz] for dx in (-1, 0, 1, 2) for dz in (0, 1.5)]
  mobs = {"kind": [*names, 0, 1], "pos": near, "hurt_ticks": [3] + [0] * 7}
  mobs["yaw_deg"] = np.arange(8) * 50
  drops = {"item": [ITEMS.index["oak_log"], ITEMS.index["stick"]] + [0] * 6, "pos": near}
  drops |= {"count": [1] * 8, "age": np.arange(8) * 3}
  shots = {"kind": [1, 0, 3] + [0] * 5, "pos": near[::-1], "vel": [[0.3, 0.1, 0.5]] * 8}
  kinds = ("stone", "oak_leaves", "glass", "poppy", "water", "oak_fence", "oak_stairs", "torch")
  worlds = [random_world(seed, num_shapes=90, names=kinds) for seed in range(3)]
  for world in worlds:
    world[11:14, 9:12, 15:18] = 0
  flooded = np.where(worlds[1] == 0, BLOCKS.index["water"], worlds[1])
  aimed = {"mine_cell": (12 * 32 + 14) * 32 + 16, "mine_progress": 0.6}
  return stack(
    [
      make_state(worlds[0], mobs=mobs, player=aimed),
      make_state(worlds[1], drops=drops, projectiles=shots, player={"yaw_deg": 30}),
      make_state(worlds[2], mobs=mobs, drops=drops, player={"pitch_deg": -30, "yaw_deg": 200}),
      make_state(worlds[0], time_of_day=18_000, player={"pitch_deg": 90}),
      make_state(flooded, player={"air_ticks": 170, "health": 7.0}),
      make_state(worlds[2], player={"pitch_deg": 20, "health": 0.0, "swing_ticks": 2}),
      make_state({}, player={"pitch_deg": 60}),
      make_state({(16, 11, 13): "stone"}, player={"pos": [16.5, 30.0, 10.5], "pitch_deg": 70}),
    ]
  )


@needs_compiler
def test_worlds_of_all_that_rays_meet_look_the_same(rich):
  assert_alike(rich, SQUARE, ODD)


@needs_compiler
def test_first_ticks_of_tasks_of_all_families_look_the_same_in_the_views_of_the_policies():
  build_game = jax.jit(lambda setup: reset(setup, jax.random.PRNGKey(setup.seed)))
  rows = [tasks.setup_row(task, seed) for task, seed in SCENES[::2]]
  rows += [tasks.setup_row(task, 3) for task in ("smelt_item:coal", "custom:interact_with_furnace")]
  assert_alike(
    stack([build_game(row) for row in rows]), *TINY_VIEWS, View(0, 0, 640, 360, 160, 120)
  )


@needs_compiler
def test_every_gui_looks_the_same_with_all_that_may_be_in_it():
  """Icons with counts, a held stack, highlights, flames, arrows, the book, a choice."""
  some = np.arange(1, layout.NUM_SLOTS + 1) * 7 % len(ITEMS.names)
  slots = {"item": some, "count": 1 + np.arange(layout.NUM_SLOTS) * 5 % 64}
  slots["item"][::6] = slots["count"][::6] = 0
  fire = {"burn_ticks": 130, "burn_total": 200, "cook_ticks": 90, "choice": 1}
  games = []
  for kind in range(1, layout.NUM_GUIS):
    for is_open in (False, True)[: 1 + (kind in layout.BOOK_GUIS)]:
      cursor = [200 + 23 * kind, 120 + 13 * kind]
      book = {"is_book_open": is_open, "book_entries": np.arange(20) * 11}
      gui = {"kind": kind, "cursor_px": cursor, **fire, **book}
      worn = {"hotbar": kind % 9, "food": 11.0}
      games.append(make_state({(16, 12, 14): "stone"}, gui=gui, slots=slots, player=worn))
  assert_alike(stack(games), SQUARE, PANEL, View(0, 0, 640, 360, 160, 90))


@needs_compiler
def test_a_view_beside_the_panel_and_one_without_any_hud(rich):
  states = rich._replace(gui=rich.gui._replace(kind=jnp.ones_like(rich.gui.kind)))
  assert_alike(states, View(0, 0, 120, 90, 30, 22), CENTRE)


@needs_compiler
def test_a_mob_around_the_eye_whose_middle_is_behind_it_is_not_cut_off():
  games = []
  for name, offset, *degrees in (
    ("ghast", (-0.94, -1.48, 0.19), 128.0, 229.0, 28.0),
    ("ravager", (0.18, -0.67, 0.42), 138.0, 204.0, 78.0),
  ):
    at = np.asarray(EYE) + np.asarray(offset)
    turned, yaw, pitch = degrees
    mobs = {"kind": [MOBS.index[name]] + [0] * 7, "pos": [at] * 8, "yaw_deg": [turned] * 8}
    games.append(make_state({}, mobs=mobs, player={"yaw_deg": yaw, "pitch_deg": pitch}))
  states = stack(games)
  for reference, native in both(states, (SQUARE,)):
    assert np.mean(np.any(native != reference, axis=-1)) <= MOST_DIFFERING
  # All chunks of rays against those of a plan that leaves none out: a picture one chunk in size.
  whole = View(0, 0, 640, 360, 16, 16)
  code = np.asarray(render_labelled(states, (whole,))[0].code)
  fine = np.asarray(render_labelled(states, (View(0, 0, 640, 360, 80, 80),))[0].code)[:, 2::5, 2::5]
  is_world = (code < CODE_GUI) & (fine < CODE_GUI)
  assert np.array_equal(code[is_world], fine[is_world]) and np.sum(code == CODE_MOB) > 200


@needs_compiler
def test_numbers_that_lead_out_of_tables_and_far_eyes_draw_something(rich):
  """JAX clamps them; a kernel that does not would read or write beyond its arrays."""
  huge = lambda a: jnp.full_like(a, 10**7)
  bad = rich._replace(
    mobs=rich.mobs._replace(kind=huge(rich.mobs.kind)),
    drops=rich.drops._replace(item=huge(rich.drops.item)),
    projectiles=rich.projectiles._replace(kind=huge(rich.projectiles.kind)),
    slots=rich.slots._replace(item=huge(rich.slots.item), count=huge(rich.slots.count)),
    gui=rich.gui._replace(kind=huge(rich.gui.kind) * jnp.arange(2).repeat(4)),
    player=rich.player._replace(
      hotbar=jnp.asarray([-(10**6), -1, 9, 500, 10**7, 0, 3, 8]),
      pos=rich.player.pos.at[2].set(jnp.nan).at[3].set(60_000.0),
    ),
  )
  with renderer(renderers.NATIVE):
    (pictures,) = render_batch(bad, (SQUARE,))
  assert pictures.shape == (8, 64, 64, 3)


@needs_compiler
def test_a_game_alone_in_a_batch_and_under_vmap_gives_the_same_bytes(rich):
  with renderer(renderers.NATIVE):
    (batch,) = render_batch(rich, (SQUARE,))
    for i in (0, 4):
      (alone,) = render_batch(jax.tree.map(lambda a, i=i: a[i : i + 1], rich), (SQUARE,))
      assert np.array_equal(alone[0], batch[i])
    pairs = jax.tree.map(lambda a: a.reshape(2, -1, *a.shape[1:]), rich)
    (mapped,) = jax.vmap(lambda states: render_batch(states, (SQUARE,)))(pairs)
  assert np.array_equal(mapped.reshape(batch.shape), batch)


@needs_compiler
def test_no_games_give_no_pictures_of_the_same_shape(rich):
  none = jax.tree.map(lambda a: a[:0], rich)
  for reference, native in both(none, (SQUARE, ODD)):
    assert native.shape == reference.shape and native.shape[0] == 0
    assert native.dtype == reference.dtype == np.uint8


@needs_compiler
def test_environment_and_pure_functions_take_the_renderer():
  views, names = (View(0, 0, 640, 360, 32, 18),), ["mine_block:oak_log", "craft_item:arrow"]
  action = RawAction(np.zeros((2, NUM_BUTTONS), np.int8), np.full((2, 2), 5.0, np.float32))
  seen = {}
  for name in renderers.RENDERERS:
    env = VoxelEnv(2, views, renderer=name)
    first = env.reset(names, [0, 1]).views[0]
    one = env.step(action, render=[True, False]).observation.views[0]
    pool = functional.make_pool(names, [0, 1])
    reset_one, _ = functional.make(views, renderer=name)
    _, observation = jax.vmap(reset_one, in_axes=(None, 0))(
      pool, jax.random.split(jax.random.key(0), 2)
    )
    seen[name] = [first, one, np.asarray(observation.views[0])]
  for reference, native in zip(*seen.values(), strict=True):
    assert np.mean(reference != native) <= MOST_DIFFERING
  assert not np.array_equal(seen["native"][0], seen["native"][1])


@pytest.mark.slow
@needs_compiler
def test_without_the_instructions_of_this_processor_it_draws_the_same(rich, tmp_path, monkeypatch):
  """What other processors get: the plain loops of lanes.h, without AVX-512."""
  usual = load_kernel()
  plain = tuple(flag for flag in build.FLAGS if flag != "-march=native")
  monkeypatch.setattr(build, "FLAGS", plain)
  monkeypatch.setattr(build, "X86_FLAGS", ())
  library = build.build(tmp_path)
  assert library.parent == tmp_path and library.name != usual.name
  monkeypatch.setattr(draw, "TARGET", "cross_jax_draw_pictures_plain")
  build.register(library, draw.TARGET)
  pictures = jax.jit(lambda states: draw.draw_native(states, (SQUARE,)))(rich)[0]
  (reference,) = render_batch(rich, (SQUARE,))
  is_other = np.any(np.asarray(pictures) != reference, axis=-1)
  assert is_other.mean(axis=(1, 2)).max() <= 1e-3


@needs_compiler
def test_it_is_built_once_and_anew_when_the_sources_change(tmp_path, monkeypatch):
  library = build.build(tmp_path)
  made = library.stat().st_ino
  assert build.build(tmp_path) == library and library.stat().st_ino == made
  assert [path.name for path in tmp_path.iterdir()] == [library.name]  # nothing half-made is left
  sources = tmp_path / "sources"
  shutil.copytree(build.FOLDER, sources)
  (sources / "lanes.h").write_text((sources / "lanes.h").read_text() + "// changed\n")
  monkeypatch.setattr(build, "FOLDER", sources)
  assert build.build(tmp_path) != library


@needs_compiler
def test_a_build_removes_the_libraries_that_nothing_has_used_for_a_month(tmp_path, monkeypatch):
  def age(path, days):
    os.utime(path, (time.time() - days * 86_400,) * 2)

  monkeypatch.setattr(build, "FLAGS", (*build.FLAGS, "-O0"))
  library = build.build(tmp_path)
  old, recent, other = (tmp_path / f"{x}.so" for x in ("pictures-old", "pictures-recent", "other"))
  for path, days in ((library, 31), (old, 31), (recent, 29), (other, 31)):
    path.touch()
    age(path, days)
  assert build.build(tmp_path) == library  # used again, which removes nothing
  assert time.time() - library.stat().st_mtime < 86_400 and old.exists()
  monkeypatch.setattr(build, "FLAGS", (*build.FLAGS, "-DANOTHER"))
  another = build.build(tmp_path)
  assert {*tmp_path.iterdir()} == {library, another, recent, other}


@needs_compiler
def test_a_library_that_another_process_removes_before_it_is_loaded_is_built_anew(
  tmp_path, monkeypatch
):
  monkeypatch.setenv("CROSS_JAX_CACHE", str(tmp_path))
  monkeypatch.setattr(build, "FLAGS", (*build.FLAGS, "-O0"))
  monkeypatch.setattr(build, "TARGET", "cross_jax_draw_pictures_removed")
  libraries, make = [], build.build
  monkeypatch.setattr(build, "build", lambda: libraries.append(make()) or libraries[-1])
  register = build.register

  def register_late(library, target):
    if len(libraries) == 1:
      library.unlink()
    register(library, target)

  monkeypatch.setattr(build, "register", register_late)
  assert build.load_kernel.__wrapped__().exists() and len(libraries) == 2


def test_a_missing_compiler_and_one_that_fails_are_named_with_a_way_out(tmp_path, monkeypatch):
  monkeypatch.setenv("CXX", "no-such-compiler")
  with pytest.raises(RuntimeError, match=r"no-such-compiler.*apt-get install g\+\+.*renderer"):
    build.build(tmp_path)
  broken = tmp_path / "broken"
  broken.write_text("#!/bin/sh\necho 'it is broken' >&2\nexit 1\n")
  broken.chmod(0o755)
  monkeypatch.setenv("CXX", str(broken))
  with pytest.raises(RuntimeError, match="(?s)does not build.*it is broken"):
    build.build(tmp_path / "cache")
  assert not list((tmp_path / "cache").iterdir())


@needs_compiler
def test_a_compiler_with_arguments_a_damaged_library_and_a_bad_folder(tmp_path, monkeypatch):
  name = next(name for name in ("g++", "clang++", "c++") if shutil.which(name))
  monkeypatch.setenv("CXX", f"{name} -O1")
  assert build.build(tmp_path) != load_kernel()
  monkeypatch.delenv("CXX")
  (tmp_path / "taken").write_text("a file")
  with pytest.raises(RuntimeError, match="taken/cache can't be used.*CROSS_JAX_CACHE"):
    build.build(tmp_path / "taken" / "cache")
  monkeypatch.setenv("CROSS_JAX_CACHE", str(tmp_path / "cut"))
  library = build.build()
  library.write_bytes(b"cut short")
  monkeypatch.setattr(build, "TARGET", "cross_jax_draw_pictures_cut")
  assert build.load_kernel.__wrapped__() == library and library.stat().st_size > 10_000


def test_the_place_of_the_library_follows_the_environment(tmp_path, monkeypatch):
  monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
  monkeypatch.delenv("CROSS_JAX_CACHE", raising=False)
  assert build.cache_dir() == tmp_path / "cross_jax"
  monkeypatch.setenv("CROSS_JAX_CACHE", str(tmp_path / "mine"))
  assert build.cache_dir() == tmp_path / "mine"


def test_an_unknown_renderer_is_refused_by_name(rich):
  with pytest.raises(ValueError, match="'fast': must be one of jax, native"):
    VoxelEnv(1, renderer="fast")
  with renderer("fast"), pytest.raises(ValueError, match="'fast'"):
    render_batch(rich, (SQUARE,))


@needs_compiler
def test_the_examples_of_the_docs():
  assert doctest.testmod(renderers).failed == 0


@needs_compiler
def test_arrays_of_another_layout_are_refused(rich):
  """The order of fields is told twice, in Python and in C++: sizes that differ are an error."""
  load_kernel()
  games = jax.vmap(sheet.numbers_of)(rich)
  short = games._replace(marks=games.marks[:, :-1])
  arrays = (rich.boxes, rich.light, *short, *screen_lists.view_arrays(SQUARE), *tables.TABLES)
  call = jax.ffi.ffi_call(build.TARGET, jax.ShapeDtypeStruct((8, 64, 64, 3), jnp.uint8))
  with pytest.raises(Exception, match="do not have the sizes"):
    jax.block_until_ready(call(*map(jnp.asarray, arrays), **tables.ATTRIBUTES))
