"""The forward pass against slow loops, and what must not change it."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from models import small
from reference import qwen2_vl_loops as slow

from cross_jax import base
from cross_jax.models.qwen2_vl import attention, forward
from cross_jax.models.qwen2_vl import config as configs

C, GRIDS = small.CONFIG, small.GRIDS
RESPONSES = (4, 3, 5)  # tokens


@pytest.fixture(scope="module")
def params():
  return small.make_params()


@pytest.fixture(scope="module")
def logp_fn():
  """params, batch -> float32[B, N]; every test uses batches of one shape."""
  return jax.jit(lambda params, batch: forward.response_logp(params, C, batch, GRIDS))


def make_batch(rng, rows, num_tokens=32, num_targets=12):
  """Packs rows (patches, prompt ids, response ids) into a Batch."""
  B = len(rows)
  batch = base.Batch(
    patches=np.stack([row[0] for row in rows]),
    token_ids=rng.integers(6, 50, (B, num_tokens)).astype(np.int32),  # padding: any tokens
    segment_ids=np.zeros((B, num_tokens), np.int32),
    positions=np.zeros((3, B, num_tokens), np.int32),
    target_ids=np.zeros((B, num_targets), np.int32),
    target_from=np.zeros((B, num_targets), np.int32),
    target_mask=np.zeros((B, num_targets), bool),
    old_logp=np.zeros((B, num_targets), np.float32),
    advantage=np.ones((B, num_targets), np.float32),
    attend_to=np.full((B, num_targets), -1, np.int32),
  )
  for b, (_, prompt, responses) in enumerate(rows):
    at = len(prompt)
    batch.token_ids[b, :at], batch.segment_ids[b, :at], n = prompt, 1, 0
    for r, ids in enumerate(responses):
      end = at + len(ids)
      batch.token_ids[b, at:end], batch.segment_ids[b, at:end] = ids, r + 2
      targets = slice(n, n + len(ids))
      batch.target_ids[b, targets], batch.target_mask[b, targets] = ids, True
      batch.target_from[b, targets] = [len(prompt) - 1, *range(at, end - 1)]
      at, n = end, n + len(ids)
    batch.positions[:, b] = small.prompt_positions(batch.token_ids[b], batch.segment_ids[b])
  return batch


def make_rows(rng, num):
  images, patches = small.make_images(rng, num)
  responses = [[rng.integers(6, 50, n).astype(np.int32) for n in RESPONSES] for _ in range(num)]
  return images, [(patches[b], small.make_prompt(rng), responses[b]) for b in range(num)]


def test_image_tokens_equal_the_loop(params):
  images, patches = small.make_images(np.random.default_rng(0), 2)
  got = jax.jit(lambda p: forward.image_features(params, C, p, GRIDS))(patches)
  vision = jax.tree.map(lambda p: np.asarray(p, np.float64), params["vision"])
  for b in range(2):
    want = [t for image in images for t in slow.image_tokens(vision, C, image[b])]
    np.testing.assert_allclose(got[b], want, atol=2e-5)


def test_response_logp_equals_the_loop(params, logp_fn):
  rng = np.random.default_rng(1)
  images, rows = make_rows(rng, 2)
  batch = make_batch(rng, rows)
  got = np.asarray(logp_fn(params, batch))
  exact = jax.tree.map(lambda p: np.asarray(p, np.float64), params)
  for b, (_, prompt, responses) in enumerate(rows):
    tokens = [t for image in images for t in slow.image_tokens(exact["vision"], C, image[b])]
    n = 0
    for response in responses:  # each response in a row of its own: packing must not show
      ids = np.concatenate([prompt, response])
      at = slow.positions(ids, GRIDS, C.merge, C.image_token_id)
      log_probs = slow.log_probs(exact, slow.hidden_states(exact, C, ids, at, tokens))
      want = [log_probs[len(prompt) - 1 + i, token] for i, token in enumerate(response)]
      np.testing.assert_allclose(got[b, n : n + len(response)], want, atol=2e-5)
      n += len(response)


@pytest.mark.parametrize("is_scanned", [False, True])
def test_attention_logp_equals_the_loop(params, logp_fn, is_scanned):
  """The attention of a layer's first key head, among the prefix's tokens alone."""
  rng = np.random.default_rng(6)
  images, rows = make_rows(rng, 2)
  batch = make_batch(rng, rows)
  batch.attend_to[:] = rng.choice([1, 4, 6, 8, -1], batch.attend_to.shape)
  exact = jax.tree.map(lambda p: np.asarray(p, np.float64), params)
  config = dataclasses.replace(C, is_scanned=is_scanned)
  attend = jax.jit(
    forward.response_and_attention_logp, static_argnums=(1, 3), static_argnames="layer"
  )
  got = [attend(params, config, batch, GRIDS, layer=layer) for layer in range(C.depth)]
  np.testing.assert_allclose(got[0][0], logp_fn(params, batch), atol=1e-5)
  for b, (_, prompt, responses) in enumerate(rows):
    tokens = [t for image in images for t in slow.image_tokens(exact["vision"], C, image[b])]
    n = 0
    for response in responses:
      ids, scores = np.concatenate([prompt, response]), {}
      at = slow.positions(ids, GRIDS, C.merge, C.image_token_id)
      slow.hidden_states(exact, C, ids, at, tokens, scores)
      for i in np.flatnonzero(batch.attend_to[b, n : n + len(response)] >= 0):
        for layer in range(C.depth):
          seen = scores[layer, len(prompt) - 1 + i][:, : len(prompt)]
          attention = np.exp(seen) / np.exp(seen).sum(-1, keepdims=True)
          want = np.log(attention[:, batch.attend_to[b, n + i]]).mean()
          np.testing.assert_allclose(got[layer][1][b, n + i], want, atol=2e-5)
      n += len(response)


def test_the_gradient_of_attention_is_finite_with_a_row_of_padding(params):
  rng = np.random.default_rng(7)
  batch = make_batch(rng, make_rows(rng, 2)[1])
  batch.attend_to[:] = 4
  batch.segment_ids[1] = 0

  def attention(p):
    return forward.response_and_attention_logp(p, C, batch, GRIDS, layer=1)[1][0].mean()

  grads = jax.jit(jax.grad(attention))(params)
  assert all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(grads))
  assert float(jnp.abs(grads["layers"]["q_proj"]["kernel"][1]).max()) > 0


def test_a_layer_that_is_not_there_is_refused(params):
  batch = make_batch(np.random.default_rng(0), make_rows(np.random.default_rng(0), 2)[1])
  with pytest.raises(ValueError, match="layer 2: must be 0..1"):
    forward.response_and_attention_logp(params, C, batch, GRIDS, layer=2)


def test_temperature_divides_the_logits(params, logp_fn):
  rng = np.random.default_rng(5)
  batch = make_batch(rng, make_rows(rng, 2)[1])
  at = lambda t: np.asarray(forward.response_logp(params, C, batch, GRIDS, temperature=t))
  np.testing.assert_allclose(at(1.0), logp_fn(params, batch), atol=1e-5)
  # At a high temperature every token of the vocabulary is equally likely.
  np.testing.assert_allclose(at(1e6), -np.log(C.vocab_size), atol=1e-3)
  embeds = forward.image_features(params, C, batch.patches, GRIDS)
  rows = (batch.token_ids, batch.segment_ids, batch.positions)
  hidden = forward.hidden_states(params, C, *rows, embeds)
  logits = np.asarray(forward.response_logits(params, C, hidden, batch.target_from), np.float64)
  scaled = logits / 0.5
  want = scaled - np.log(np.exp(scaled).sum(-1, keepdims=True))
  want = np.take_along_axis(want, batch.target_ids[..., None], -1)[..., 0]
  np.testing.assert_allclose(at(0.5), want, atol=1e-4)


def test_packed_responses_equal_rows_of_their_own(params, logp_fn):
  rng = np.random.default_rng(2)
  _, rows = make_rows(rng, 2)
  packed = np.asarray(logp_fn(params, make_batch(rng, rows)))
  ends = np.cumsum(RESPONSES)
  for r, (start, end) in enumerate(zip([0, *ends], ends)):
    alone = make_batch(
      rng, [(patches, prompt, all_r[r : r + 1]) for patches, prompt, all_r in rows]
    )
    got = np.asarray(logp_fn(params, alone))[:, : end - start]
    np.testing.assert_allclose(got, packed[:, start:end], atol=1e-5)


def test_padding_and_batch_order_do_not_matter(params, logp_fn):
  rng = np.random.default_rng(3)
  _, rows = make_rows(rng, 2)
  batch = make_batch(rng, rows)
  first = np.asarray(logp_fn(params, batch))
  is_padding = batch.segment_ids == 0
  other = np.where(is_padding, C.image_token_id, batch.token_ids)  # even image tokens
  np.testing.assert_allclose(
    logp_fn(params, batch._replace(token_ids=other))[batch.target_mask],
    first[batch.target_mask],
    atol=1e-5,
  )
  swapped = np.asarray(logp_fn(params, make_batch(rng, rows[::-1])))
  np.testing.assert_allclose(swapped[::-1][batch.target_mask], first[batch.target_mask], atol=1e-5)


def test_a_pictures_tokens_depend_on_that_picture_alone(params):
  _, patches = small.make_images(np.random.default_rng(4), 2)
  fn = jax.jit(lambda p: forward.image_features(params, C, p, GRIDS))
  changed = patches.copy()
  changed[:, 24:] = 255 - changed[:, 24:]  # the second image's four patches
  before, after = np.asarray(fn(patches)), np.asarray(fn(changed))
  np.testing.assert_array_equal(before[:, :6], after[:, :6])
  assert np.abs(before[:, 6:] - after[:, 6:]).max() > 1e-2


def test_a_response_depends_on_every_picture(params, logp_fn):
  rng = np.random.default_rng(5)
  _, rows = make_rows(rng, 2)
  batch = make_batch(rng, rows)
  first = np.asarray(logp_fn(params, batch))
  for part in (slice(0, 24), slice(24, 28)):
    patches = batch.patches.copy()
    patches[:, part] = 255 - patches[:, part]
    assert np.abs(logp_fn(params, batch._replace(patches=patches)) - first)[:, :12].max() > 1e-4


def test_scanned_equals_unrolled(params, logp_fn):
  rng = np.random.default_rng(6)
  batch = make_batch(rng, make_rows(rng, 2)[1])
  scanned = dataclasses.replace(C, is_scanned=True)
  got = jax.jit(lambda p: forward.response_logp(p, scanned, batch, GRIDS))(params)
  np.testing.assert_allclose(got, logp_fn(params, batch), atol=1e-5)


def _sizes(jaxpr):
  """Numbers of elements of every array that a program makes, inner programs included."""
  for equation in jaxpr.eqns:
    yield from (variable.aval.size for variable in equation.outvars)
    for value in equation.params.values():
      for inner in value if isinstance(value, tuple | list) else (value,):
        if hasattr(inner, "eqns") or hasattr(inner, "jaxpr"):
          yield from _sizes(getattr(inner, "jaxpr", inner))


@pytest.mark.parametrize("size", [1, 12, 64])
def test_logits_in_chunks_give_the_same_numbers_and_never_exist_as_a_whole(params, size):
  rng = np.random.default_rng(8)
  batch = make_batch(rng, make_rows(rng, 2)[1], num_targets=40)
  config = dataclasses.replace(C, vocab_size=4_001, is_tied=False)
  params = small.make_params(config)
  weights = rng.normal(size=batch.target_ids.shape).astype(np.float32)

  def loss(params, chunk):
    cut = dataclasses.replace(config, logit_chunk=chunk)
    logp = forward.response_logp(params, cut, batch, GRIDS, temperature=0.7)
    return jnp.sum(logp * weights), logp

  grad = jax.grad(loss, has_aux=True)
  expected, got = (jax.jit(grad, static_argnums=1)(params, chunk) for chunk in (0, size))
  jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5), got, expected)
  largest = max(_sizes(jax.make_jaxpr(grad, static_argnums=1)(params, size).jaxpr))
  whole = batch.target_ids.size * config.vocab_size
  assert whole > 3 * params["head"]["kernel"].size
  assert largest < whole / 3 if size < 40 else largest >= whole


def test_gradients_are_those_of_small_steps(params, logp_fn):
  rng = np.random.default_rng(6)
  batch = make_batch(rng, make_rows(rng, 2)[1])
  batch.segment_ids[1] = 0  # a row of padding must not make them NaN
  grads = jax.jit(jax.grad(lambda p: forward.response_logp(p, C, batch, GRIDS)[0].mean()))(params)
  assert all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(grads))
  for path, leaf in jax.tree_util.tree_leaves_with_path(grads):
    step = 1e-2 * leaf / jnp.linalg.norm(leaf.ravel())  # along its own gradient, this leaf alone
    shift = lambda sign: jax.tree_util.tree_map_with_path(
      lambda other, p: p + sign * step if other == path else p,  # noqa: B023
      params,
    )
    rise = (logp_fn(shift(1.0), batch)[0] - logp_fn(shift(-1.0), batch)[0]).mean() / 2e-2
    np.testing.assert_allclose(
      rise, jnp.linalg.norm(leaf.ravel()), rtol=0.05, atol=2e-4, err_msg=str(path)
    )


def test_bfloat16_stays_near_float32(params, logp_fn):
  rng = np.random.default_rng(9)
  batch = make_batch(rng, make_rows(rng, 2)[1])
  half = dataclasses.replace(C, is_scanned=True, dtype="bfloat16", param_dtype="bfloat16")
  half_params = jax.tree.map(lambda p: p.astype(jnp.bfloat16), params)
  got = jax.jit(lambda p: forward.response_logp(p, half, batch, GRIDS))(half_params)
  assert got.dtype == jnp.float32
  want = np.asarray(logp_fn(params, batch))[batch.target_mask]
  np.testing.assert_allclose(np.asarray(got)[batch.target_mask], want, atol=0.15)


def test_initial_kernels_have_variance_one_over_fan_in():
  config = dataclasses.replace(C, depth=4, width=96, vocab_size=400)
  params = jax.jit(forward.init_params, static_argnums=1)(jax.random.key(0), config)
  layers = params["layers"]
  np.testing.assert_allclose(np.std(layers["gate_proj"]["kernel"]), 96**-0.5, rtol=0.05)
  np.testing.assert_allclose(np.std(params["embed"]["embedding"]), 96**-0.5, rtol=0.05)
  # Two residual branches a layer, four layers: an eighth of the variance each.
  np.testing.assert_allclose(np.std(layers["down_proj"]["kernel"]), (40 * 8) ** -0.5, rtol=0.05)
  assert (layers["q_proj"]["kernel"][0] != layers["q_proj"]["kernel"][1]).any()
  assert not np.any(layers["q_proj"]["bias"]) and np.all(params["norm"]["scale"] == 1)


def test_untied_head_is_used(params):
  config = dataclasses.replace(C, is_tied=False)
  shapes = jax.eval_shape(lambda rng: forward.init_params(rng, config), jax.random.key(0))
  assert shapes["head"]["kernel"].shape == (C.width, C.vocab_size)
  params = {**params, "head": {"kernel": jax.random.normal(jax.random.key(1), (C.width, 50))}}
  hidden = jax.random.normal(jax.random.key(0), (1, 3, C.width))
  target_from = jnp.asarray([[2, 0]], jnp.int32)
  got = forward.response_logits(params, config, hidden, target_from)
  want = np.asarray(hidden)[0, [2, 0]] @ np.asarray(params["head"]["kernel"])
  np.testing.assert_allclose(got[0], want, atol=1e-5)


@pytest.mark.parametrize("is_masked", [False, True])
def test_products_equal_the_library_and_its_gradient(is_masked):
  rng = np.random.default_rng(8)
  shape = lambda heads, length: jnp.asarray(rng.standard_normal((2, length, heads, 8)), jnp.float32)
  args = shape(6, 5), shape(2, 7), shape(2, 7)
  mask = jnp.asarray(rng.random((2, 1, 5, 7)) < 0.6).at[..., 0].set(True) if is_masked else None
  out = lambda fn: lambda q, k, v: jnp.sum(jnp.sin(fn(q, k, v, mask=mask)))
  got = jax.jit(jax.value_and_grad(out(attention.attend_by_products), (0, 1, 2)))(*args)
  want = jax.jit(jax.value_and_grad(out(jax.nn.dot_product_attention), (0, 1, 2)))(*args)
  jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), got, want)


def test_wrong_patches_are_refused(params):
  with pytest.raises(ValueError, match=r"need \[28, 48\]"):
    forward.image_features(params, C, jnp.zeros((1, 27, 48), jnp.uint8), GRIDS)


@pytest.mark.parametrize(
  ("name", "total"), [("tiny", 3_117_088), ("2b", 2_208_985_600), ("7b", 8_291_375_616)]
)
def test_presets_have_the_published_number_of_parameters(name, total):
  # 2b, 7b: the totals of the published safetensors indices.
  config = configs.preset(name)
  shapes = jax.eval_shape(lambda rng: forward.init_params(rng, config), jax.random.key(0))
  assert sum(leaf.size for leaf in jax.tree.leaves(shapes)) == total


def test_impossible_configs_are_refused():
  for change, match in (
    ({"kv_heads": 4}, "multiple of kv_heads"),
    ({"mrope_section": (1, 2, 2)}, "must sum to head_dim / 2 = 6"),
    ({"vision_heads": 8}, "multiple of 4"),
  ):
    with pytest.raises(ValueError, match=match):
      dataclasses.replace(C, **change)
  with pytest.raises(ValueError, match="'3b': must be one of tiny, 2b, 7b"):
    configs.preset("3b")


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_a_temperature_that_cannot_divide_is_refused(temperature):
  with pytest.raises(ValueError, match="must be > 0, it divides the logits"):
    forward.response_logp({}, None, None, (), temperature=temperature)
