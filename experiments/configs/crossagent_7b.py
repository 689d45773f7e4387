"""CrossAgent from released weights: Qwen2-VL (or an OpenHA fine-tune of it) on a mesh, all stages.

Weights:  python -m cross_jax.checkpoint.convert --from hf:Qwen2-VL-7B-Instruct \
            --to orbax:runs/base/policy --dtype float32
Command:  python experiments/main.py --config experiments/configs/crossagent_7b.py:size=7b \
            --workdir W --config.model.checkpoint=runs/base/policy
          On one GPU: size=2b with --config.sft.num_microbatches=8 (4 rows at a time), or 7b with
          adapters alone, --config.lora.rank=16 beside it
          In several processes: --config.distributed --config.mesh.data=-1 --config.mesh.fsdp=8, and
          the strl stage (--stages=strl) in one process
Hardware: 8 GPUs of 80 GB in a host for 7b (12.4 GB of state and about 30 GB at the peak on each, in
          GRPO 4 GB more for the reference), 1 for 2b (26.5 GB of state, about 51 GB at the peak):
          docs/scaling.md, from compiled programs
Hours:    not measured: it has run on CPU devices at a reduced size only (tests/experiments)
Result:   W/mtrl/policy; with LoRA also the adapters alone, W/STAGE/adapters
"""

from ml_collections import ConfigDict

from experiments import sections, tasks


def get_config(arg: str | None = None) -> ConfigDict:
  size = sections.size_of(arg or "size=7b")
  config = sections.base("crossagent_7b", ("data", "sft", "strl", "mtrl", "report"), size=size)
  config.model.checkpoint = "runs/base/policy"
  # 299 tokens of the screen, the turns around them and the task.
  config.prompt = {
    "max_prompt_len": 448,
    "max_response_len": 96,
    "system": "You are a helpful assistant.",  # as the model's own chat template says
  }
  config.mesh.fsdp = -1  # all devices
  config.tasks = tasks.official()
  config.env.num_envs = 64
  config.data = sections.data(episodes_per_task=120)
  config.sft = sections.sft(
    num_steps=2000,
    batch_size=32,
    max_targets=256,
    optimizer="adamw",
    learning_rate=1e-5,
    warmup_steps=100,
    is_in_place=True,
    save_every=250,
  )
  rl = {"learning_rate": 1e-6, "batch_size": 64, "num_microbatches": 4, "is_in_place": True}
  config.strl = sections.strl(
    **rl, num_questions=2048, num_iterations=20, max_targets=384, cs2_steps=200,
    cs2_learning_rate=5e-6,
  )  # fmt: skip
  config.mtrl = sections.mtrl(
    **rl, num_iterations=25, num_groups=16, kl_coef=0.1, unparsable_penalty=3.0, budget_tokens=8000
  )
  config.evaluation = sections.evaluation(num_seeds_in=8, num_seeds_out=4)
  return config
