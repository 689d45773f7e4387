"""CrossAgent in the embedded world: the 30 official RL tasks, all stages, the real run.

Command:  python experiments/main.py --config experiments/configs/crossagent_voxel.py --workdir W
Hardware: 2 CPU cores, 8 GiB; or one GPU
Hours:    1.7 on 2 cores with other work beside (data 0.1, SFT 0.8, STRL 0.2, MTRL 0.6)
Result:   in-domain ASR 60.0 %, out-of-domain 33.3 % (seed 0, docs/results.md)
"""

from ml_collections import ConfigDict

from experiments import sections, tasks


def get_config(arg: str | None = None) -> ConfigDict:
  size = sections.size_of(arg)
  config = sections.base("crossagent_voxel", ("data", "sft", "strl", "mtrl", "report"), size=size)
  config.tasks = tasks.official()
  config.env.num_envs = 48
  config.data = sections.data(episodes_per_task=120)
  config.sft = sections.sft(num_steps=4500, attention_weight=1.0, save_every=250)
  config.strl = sections.strl(num_questions=2048, num_iterations=20, cs2_steps=200)
  config.mtrl = sections.mtrl(num_iterations=25, kl_coef=0.1, unparsable_penalty=3.0)
  config.evaluation = sections.evaluation(num_seeds_in=8, num_seeds_out=4)
  return config
