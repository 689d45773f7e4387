"""Cold-start SFT alone, on the 30 official RL tasks.

Command:  python experiments/main.py --config experiments/configs/sft.py:size=tiny --workdir W
Hardware: 2 CPU cores, 8 GiB; or one GPU
Hours:    1 on 2 cores (estimate from the demo's rows per second)
Result:   W/sft/policy, the policy M_mix that strl.py starts from
"""

from ml_collections import ConfigDict

from experiments import sections, tasks


def get_config(arg: str | None = None) -> ConfigDict:
  config = sections.base("sft", ("data", "sft", "report"), size=sections.size_of(arg))
  config.tasks = tasks.official()
  config.data = sections.data(episodes_per_task=80)
  config.sft = sections.sft(num_steps=6000, attention_weight=1.0, save_every=500)
  config.evaluation = sections.evaluation()
  return config
