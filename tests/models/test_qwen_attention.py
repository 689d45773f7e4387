"""The kernels of other platforms against the products of a CPU, and who is asked where."""

import dataclasses
import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from models import small

from cross_jax import sharding
from cross_jax.models.qwen2_vl import attention, forward, splash

# Responses of different lengths; padding on the left and the right; a row packed full.
SEGMENTS = np.asarray(
  [
    [1] * 5 + [2] * 3 + [3] * 4 + [0] * 1,
    [0] * 2 + [1] * 4 + [2] * 5 + [0] * 2,
    [1] * 1 + [2] * 4 + [3] * 4 + [65_535] * 4,
  ],
  np.int32,
)
HEADS, KV_HEADS, WIDTH = 6, 2, 8


def draw(rng, heads):
  shape = (*SEGMENTS.shape, heads, WIDTH)
  return jnp.asarray(rng.standard_normal(shape), jnp.float32)


@pytest.fixture(scope="module")
def arrays():
  rng = np.random.default_rng(0)
  return tuple(draw(rng, heads) for heads in (HEADS, KV_HEADS, KV_HEADS))


def out_and_gradients(attend, arrays, is_token):
  """What stands at padding is meaningless: it does not count."""

  def total(q, k, v):
    out = jnp.where(is_token[..., None, None], attend(q, k, v), 0.0)
    return jnp.sum(jnp.sin(out)), out

  grads, out = jax.jit(jax.grad(total, (0, 1, 2), has_aux=True))(*arrays)
  return out, grads


def splash_of(segment_ids, is_causal):
  return lambda q, k, v: splash.splash_attend(
    q, k, v, segment_ids, is_causal=is_causal, interpret=True
  )


def assert_close(got, want):
  jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), got, want)


def test_splash_equals_products_on_rows_of_segments(arrays):
  segment_ids = jnp.asarray(SEGMENTS)
  is_token = segment_ids != 0
  want = attention.segment_attention(segment_ids, kernel="products")
  assert_close(
    out_and_gradients(splash_of(segment_ids, True), arrays, is_token),
    out_and_gradients(want, arrays, is_token),
  )


def test_splash_equals_products_within_an_image(arrays):
  everything = jnp.ones(SEGMENTS.shape, jnp.int32)
  want = lambda q, k, v: attention.attend(q, k, v, kernel="products")
  assert_close(
    out_and_gradients(splash_of(everything, False), arrays, everything == 1),
    out_and_gradients(want, arrays, everything == 1),
  )


@pytest.mark.parametrize("sizes", [(3, 1, 2), (1, 1, 3)])
def test_splash_on_a_mesh_splits_rows_and_heads(arrays, sizes):
  # 3 devices of 'tensor' do not divide 2 key/value heads: each is there three times.
  mesh = sharding.make_mesh(*sizes)
  segment_ids = jnp.asarray(SEGMENTS)
  attend = splash_of(segment_ids, True)
  rows = sharding.row_sharding(mesh)
  on_mesh = jax.jit(sharding.on_mesh(attend, rows))
  placed = jax.device_put(arrays, rows)
  hlo = on_mesh.lower(*placed).compile().as_text()
  parts = sizes[2]
  assert f"f32[{3 // sizes[0]},128,{HEADS // parts},{WIDTH}]" in hlo  # a device's queries, no more
  got, want = on_mesh(*placed), attend(*arrays)
  is_token = (SEGMENTS != 0)[..., None, None]
  np.testing.assert_allclose(np.where(is_token, got, 0), np.where(is_token, want, 0), atol=1e-5)


def test_heads_that_a_mesh_does_not_divide_are_refused(arrays):
  mesh = sharding.make_mesh(1, 1, 4)
  attend = sharding.on_mesh(splash_of(jnp.asarray(SEGMENTS), True), sharding.row_sharding(mesh))
  with pytest.raises(ValueError, match="6 heads on a mesh with tensor 4.*a divisor of 6"):
    jax.jit(attend)(*arrays)


def test_an_unknown_kernel_is_refused(arrays):
  with pytest.raises(ValueError, match="kernel 'flash': must be one of products, library, splash"):
    attention.segment_attention(jnp.asarray(SEGMENTS), kernel="flash")
  with pytest.raises(ValueError, match="kernel 'flash'"):
    attention.attend(*arrays, kernel="flash")


def test_features_hide_other_segments_and_lose_no_digit():
  query, key = splash.segment_features(jnp.asarray([[0, 1, 2, 3, 2]], jnp.int32), jnp.bfloat16)
  product = jnp.einsum("bqf,bkf->bqk", query, key, preferred_element_type=jnp.float32)[0]
  terms = jnp.abs(query[0, :, None] * key[0, None]).astype(jnp.float32).sum(-1)
  # Keys: padding, prefix, segments 2, 3, 2. Queries: the same.
  want = np.asarray(
    [
      [0, 1, 0, 0, 0],
      [0, 1, 0, 0, 0],  # the prefix does not see responses (causality would say so too)
      [0, 1, 1, 0, 1],
      [0, 1, 0, 1, 0],
      [0, 1, 1, 0, 1],
    ],
    bool,
  )
  np.testing.assert_array_equal(product == 0, want)
  np.testing.assert_array_equal(terms == 0, want)
  assert (np.asarray(product)[~want] < -0.99e9).all()


def test_the_model_with_every_kernel(monkeypatch):
  config = dataclasses.replace(small.CONFIG, is_scanned=True)
  params = small.make_params(config)
  rng = np.random.default_rng(1)
  _, patches = small.make_images(rng, 2)
  ids = np.stack([small.make_prompt(rng) for _ in range(2)])
  segment_ids = np.ones(ids.shape, np.int32)
  segment_ids[0, -3:], segment_ids[1, -2:] = 2, 0
  positions = np.stack(
    [small.prompt_positions(row, segments) for row, segments in zip(ids, segment_ids)], axis=1
  )

  def hidden():
    images = forward.image_features(params, config, patches, small.GRIDS)
    return forward.hidden_states(params, config, ids, segment_ids, positions, images)

  want = jax.jit(hidden)()
  interpreted = lambda *args, **kwargs: splash.splash_attend(*args, interpret=True, **kwargs)
  monkeypatch.setattr(attention, "splash_attend", interpreted)
  for kernel in ("library", "splash"):
    monkeypatch.setattr(attention, "platform_kernel", lambda kernel=kernel: kernel)
    got = jax.jit(hidden)()
    np.testing.assert_allclose(
      np.where(segment_ids[..., None], got, 0), np.where(segment_ids[..., None], want, 0), atol=1e-4
    )


def test_splash_compiles_for_a_tpu():
  # Without one: the kernel's program is made for it, and the scores are nowhere in the module.
  shape = lambda heads: jax.ShapeDtypeStruct((2, 700, heads, 128), jnp.bfloat16)
  segment_ids = jnp.ones((2, 700), jnp.int32)
  loss = lambda q, k, v: splash.splash_attend(q, k, v, segment_ids, is_causal=True).sum()
  module = jax.export.export(jax.jit(jax.grad(loss, (0, 1, 2))), platforms=["tpu"])(
    shape(12), shape(2), shape(2)
  ).mlir_module()
  assert module.count("tpu_custom_call") == 3  # forward, gradient of q, gradient of k and v
  assert "768x768" not in module


def test_cudnn_is_asked_where_it_can(monkeypatch):
  gpu = lambda version: [types.SimpleNamespace(compute_capability=version)]
  q = lambda width, dtype=jnp.bfloat16: jax.ShapeDtypeStruct((1, 4, 2, width), dtype)
  cases = [("9.0", q(128), True), ("8.0", q(80), True), ("7.5", q(128), False)]
  cases += [("gfx942", q(128), False)]
  cases += [("9.0", q(128, jnp.float32), False), ("9.0", q(256), False), ("9.0", q(12), False)]
  for version, queries, is_taken in cases:
    monkeypatch.setattr(jax, "devices", lambda version=version: gpu(version))
    assert attention._takes_cudnn(queries) is is_taken
  monkeypatch.undo()
  assert not attention._takes_cudnn(q(128))  # a CPU


def test_a_token_more_for_cudnn_changes_nothing(monkeypatch, arrays):
  calls = []

  segment_ids = jnp.asarray(SEGMENTS)
  want = attention.segment_attention(segment_ids, kernel="products")(*arrays)
  original = jax.nn.dot_product_attention

  def library(q, k, v, mask, implementation):
    calls.append((q.shape[1], implementation))
    return original(q, k, v, mask=mask)

  monkeypatch.setattr(attention, "_takes_cudnn", lambda q: True)
  monkeypatch.setattr(jax.nn, "dot_product_attention", library)
  got = attention.segment_attention(segment_ids, kernel="library")(*arrays)
  assert calls == [(14, "cudnn")]
  is_token = (SEGMENTS != 0)[..., None, None]
  np.testing.assert_allclose(np.where(is_token, got, 0), np.where(is_token, want, 0), atol=1e-5)
