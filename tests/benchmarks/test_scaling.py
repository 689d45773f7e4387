"""The costs read from a program's text are XLA's own, times how often loops run."""

import dataclasses
import io
import json
import math

import jax
import jax.numpy as jnp
import pytest
from jax.sharding import PartitionSpec as P
from models import small
from models.test_remat import compiled
from rich.console import Console

from benchmarks import hlo, hlo_costs, scaling, scaling_table
from benchmarks.step_programs import Program, batch_shapes, kept_bytes, score_bytes
from cross_jax import sharding

SIDE, ROUNDS = 64, 5


def looped(x):
  return jax.lax.scan(lambda x, _: (x @ x, None), x, length=ROUNDS)[0]


def test_a_loop_by_hand():
  program = jax.jit(looped).lower(jax.ShapeDtypeStruct((SIDE, SIDE), jnp.float32)).compile()
  text = program.as_text()
  once = 2 * SIDE**3
  assert hlo_costs.product_flops(hlo.parse(text)) == ROUNDS * once
  assert hlo_costs.product_flops(hlo.parse(text, is_once=True)) == once
  # XLA counts the body once too, and the counter of the loop.
  assert once <= program.cost_analysis()["flops"] <= once + 10


def test_collectives_by_hand():
  mesh = sharding.make_mesh(2, 4, 1)

  def gather(x):  # [1, SIDE] of [8, SIDE] on each device
    def step(total, _):
      every = jax.lax.all_gather(x * total, "fsdp", tiled=True)  # [4, SIDE]
      return total + jax.lax.psum(every.sum(), "data"), None

    return jax.lax.scan(step, jnp.float32(1), length=ROUNDS)[0]

  mapped = jax.shard_map(
    gather, mesh=mesh, in_specs=P(("data", "fsdp")), out_specs=P(), check_vma=False
  )
  text = jax.jit(mapped).lower(jax.ShapeDtypeStruct((8, SIDE), jnp.float32)).compile().as_text()
  moved = hlo_costs.moved_bytes(hlo.parse(text))
  assert moved == {"all-gather": ROUNDS * 3 * SIDE * 4, "all-reduce": ROUNDS * 4}


@pytest.mark.parametrize(
  ("groups", "size"),
  [
    ("replica_groups={{0,1,2,3},{4,5,6,7}}", 4),
    ("replica_groups=[2,4]<=[8]", 4),
    ("replica_groups=[4,2]<=[2,4]T(1,0)", 2),
    ("replica_groups=mesh['axis_0'=2,'axis_1'=4] {'axis_1'}", 4),
    ("replica_groups=mesh['axis_0'=2,'axis_1'=4] {'axis_0','axis_1'}", 8),
    ("replica_groups=mesh['axis_0'=8,'axis_1'=4], device_ids=([4,8]T(1,0)) {'axis_1'}", 4),
  ],
)
def test_sizes_of_groups(groups, size):
  line = f"  %a.1 = bf16[8,16]{{1,0}} all-reduce(%b.2), channel_id=1, {groups}, to_apply=%add"
  text = f"%add (x: f32[]) -> f32[] {{\n}}\n\nENTRY %main () -> bf16[8,16] {{\n{line}\n}}\n"
  sent = hlo_costs.moved_bytes(hlo.parse(text))["all-reduce"]
  assert sent == 2 * (size - 1) / size * 8 * 16 * 2


def test_costs_of_the_policy_are_those_of_xla():
  """Counted once, as XLA counts; and a scan of layers costs what the same layers unrolled do."""
  scanned, unrolled = compiled("none"), compiled("none", is_scanned=False)
  once, full = (hlo.parse(scanned.as_text(), is_once=flag) for flag in (True, False))
  counted = scanned.cost_analysis()
  assert hlo_costs.product_flops(once) == pytest.approx(counted["flops"], rel=0.25)
  assert hlo_costs.accessed_bytes(once) == pytest.approx(counted["bytes accessed"], rel=0.1)
  flat = hlo.parse(unrolled.as_text())
  assert hlo_costs.product_flops(full) == pytest.approx(hlo_costs.product_flops(flat), rel=0.02)
  assert hlo_costs.product_flops(full) > 1.3 * hlo_costs.product_flops(once)
  again = hlo.parse(compiled("full").as_text())
  added = hlo_costs.product_flops(again) / hlo_costs.product_flops(full)
  assert 1.15 < added < 4 / 3  # layers run forward twice; embedding and logits do not


def test_a_loop_of_unknown_length_is_refused():
  text = jax.jit(lambda x: jax.lax.while_loop(lambda x: x[0] < 9, lambda x: x * 2, x))
  text = text.lower(jax.ShapeDtypeStruct((3,), jnp.float32)).compile().as_text()
  with pytest.raises(ValueError, match="does not say how often"):
    hlo.parse(text)


def test_sizes_by_hand():
  program = Program("grpo", "7b", (8, 8, 4))
  assert (program.num_devices, program.num_rows, program.num_tokens) == (256, 512, 704 + 8 * 64)
  config = program.config()
  assert (config.dtype, config.param_dtype, config.remat) == ("bfloat16", "float32", "full")
  # 8 rows on each of 64 places, 28 / 4 heads; 1216 is over 1196 patches, 28 heads over 16.
  assert score_bytes(program, config) == 4 * 8 * 7 * 1216**2
  assert kept_bytes(program, config) == 2 * 8 * (28 * 1216 * 3584 + 32 * 1196 * 1280)
  batch = batch_shapes(program, config)
  assert batch.patches.shape == (512, 26 * 46, 588) and batch.target_ids.shape == (512, 512)


def test_a_small_step_is_measured(monkeypatch):
  config = dataclasses.replace(small.CONFIG, depth=1, vision_depth=1)
  monkeypatch.setattr(Program, "config", lambda self, **changes: config)
  monkeypatch.setattr("benchmarks.step_programs.GRID", small.GRIDS[0])
  monkeypatch.setattr("benchmarks.step_programs.PROMPT_LEN", 16)
  monkeypatch.setattr("benchmarks.step_programs.RESPONSE_LEN", 4)
  entry = scaling.measure(Program("grpo", "tiny", (2, 4, 1)), "cpu")
  assert json.loads(json.dumps(entry)) == entry  # tables of a new and of a kept result are one
  assert entry["rows_per_device"] == 2 and entry["tokens_per_device"] == 2 * (16 + 8 * 4)
  assert entry["alias_bytes"] > 0 and entry["peak_bytes"] > entry["argument_bytes"]
  assert entry["flops"] > entry["needed_flops"] / 2 and entry["moved_bytes"]["all-reduce"] > 0


def test_what_does_not_fit_is_left_out(monkeypatch):
  def measure(program, platform):
    if program.num_devices == 1:
      raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: 110G of 95G hbm\nand more")
    return {**program._asdict(), "peak_bytes": 0, "temp_bytes": 0, "compile_s": 0.0}

  monkeypatch.setattr(scaling, "measure", measure)
  chosen, out, kept = scaling.programs(is_quick=True), io.StringIO(), []
  found = scaling.measure_all(chosen, "tpu", Console(file=out, width=200), kept.append)
  assert found == kept and [entry["mesh"] for entry in found] == [(1, 8, 1)] * 3
  assert "does not fit: RESOURCE_EXHAUSTED: 110G of 95G hbm" in out.getvalue()


def kept_result():
  return json.loads(scaling.RESULTS.read_text(encoding="utf-8"))


def kept_tpu_result():
  return json.loads(scaling.TPU_RESULTS.read_text(encoding="utf-8"))


def test_the_document_shows_the_kept_result():
  text = scaling.DOCS.read_text(encoding="utf-8")
  again = "run `python -m benchmarks.scaling --write-docs`"
  assert scaling_table.fill(text, kept_result(), kept_tpu_result()) == text, again
  with pytest.raises(ValueError, match="put both markers"):
    scaling_table.fill("no markers", kept_result(), kept_tpu_result())


def test_the_kept_result_is_whole_and_plausible():
  result = kept_result()
  assert not result["is_quick"]
  measured = {Program(*map(_tuple, (p[f] for f in Program._fields))) for p in result["programs"]}
  assert measured == set(scaling.programs(is_quick=False))
  for entry in result["programs"]:
    assert entry["devices"] == math.prod(entry["mesh"])
    least = 1.2 if entry["remat"] == "full" else 0.95  # layers once more, or not
    assert least < entry["flops"] / entry["needed_flops"] < 1.55, entry
    assert ("all-gather" in entry["moved_bytes"]) == (entry["devices"] > 1)


def test_an_accelerator_needs_no_more_than_a_cpu():
  of_cpu = {scaling._identity(p): p for p in kept_result()["programs"]}
  programs = kept_tpu_result()["programs"]
  assert programs
  for entry in programs:
    other = of_cpu[scaling._identity(entry)]
    assert entry["argument_bytes"] == pytest.approx(other["argument_bytes"], rel=1e-3)
    assert entry["temp_bytes"] < other["temp_bytes"], entry


def _tuple(value):
  return tuple(value) if isinstance(value, list) else value
