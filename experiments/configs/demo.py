"""First light: all stages on seven tasks of the embedded world, small enough to watch.

Command:  make demo  (python experiments/main.py --config experiments/configs/demo.py \
                       --workdir runs/demo)
Hardware: 2 CPU cores, 8 GiB
Hours:    1/4
Result:   ASR in-domain 19.6 % after SFT, 30.1 % after MTRL (3 seeds; docs/results.md)
"""

from ml_collections import ConfigDict

from experiments import sections, tasks


def get_config() -> ConfigDict:
  config = sections.base("demo", ("data", "sft", "strl", "mtrl", "report"))
  config.tasks = tasks.demo()
  config.env.num_envs = 48
  config.env.max_decisions = 16  # of an episode: most wins come earlier, and the games cost less
  config.data = sections.data(episodes_per_task=60)
  config.sft = sections.sft(num_steps=400)
  # Few and small steps: at this size a single-turn reward, which does not see how far a decision
  # carries, costs more success than it brings (docs/results.md).
  config.strl = sections.strl(
    num_iterations=3,
    learning_rate=2e-5,
    cs2_steps=20,
    cs2_learning_rate=5e-5,
  )
  config.mtrl = sections.mtrl(num_iterations=12, max_rows=512, budget_tokens=1000)
  config.evaluation = sections.evaluation(
    num_seeds_in=16,
    num_seeds_out=6,
    video_tasks=("mine_block:hay_block", "kill_entity:chicken", "craft_item:emerald"),
  )
  return config
