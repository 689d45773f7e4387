"""What is counted of a tick's program: kernels and bytes, loops as often as they turned."""

import jax
import jax.numpy as jnp
import pytest

from benchmarks import env_program


def _walk(x):
  """Doubles until all are above 100: a loop that does not say how often it turns."""
  return jax.lax.while_loop(lambda x: jnp.min(x) < 100, lambda x: x + x, x)


def test_a_loop_counts_as_often_as_it_turned():
  seen = []
  x = jnp.arange(1.0, 4097.0)
  with env_program.numbered_loops(lambda number, turns: seen.append((number, turns))):
    jax.block_until_ready(jax.jit(lambda x: _walk(_walk(x) - 99))(x))
    jax.effects_barrier()
  assert sorted(seen) == [(0, 7), (1, 2)]  # 1 to 128; then 29 to 116

  with env_program.numbered_loops():
    text = jax.jit(lambda x: _walk(_walk(x) - 99)).lower(x).compile().as_text()
  few, many = (env_program.counted(text, 8, turns) for turns in ({0: 7, 1: 2}, {0: 7, 1: 12}))
  assert few["loops_of_unknown_length"] == many["loops_of_unknown_length"] == 2
  assert many["waits_for_the_host"] - few["waits_for_the_host"] == 10
  assert many["kernels"] > few["kernels"] >= few["kernels_loops_once"]
  # a turn reads and writes 16 KiB each, and its condition reads them again
  more = 8 * (many["bytes_per_game_step"] - few["bytes_per_game_step"])
  assert more == pytest.approx(10 * 3 * 4 * 4096, rel=0.05)
  assert many["ESTIMATE_steps_per_s_with_starts"] < many["ESTIMATE_steps_per_s_by_bytes"]
