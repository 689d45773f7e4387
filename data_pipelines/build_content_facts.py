"""Writes tests/golden/minecraft_facts.json: what minecraft-data says, to hold the tables against.

Names of blocks, items and entities and hardness are those of 1.16.2; collision shapes and foods
are those of 1.16.1, light and harvest tools those of 1.17: the nearest versions that have them.
`bounds` of a block are those of its collision in each of its states. The output is committed.

  pip install minecraft_data==3.20.0
  python -m data_pipelines.build_content_facts --minecraft_data <site-packages>/minecraft_data
"""

import argparse
import json
import pathlib

GOLDEN = pathlib.Path(__file__).parents[1] / "tests/golden/minecraft_facts.json"
TIERS = {"wooden": 1, "golden": 1, "stone": 2, "iron": 3, "diamond": 4, "netherite": 4}


def _bounds(shapes: list[list[float]]) -> list[float] | None:
  """The box around boxes, None for none."""
  if not shapes:
    return None
  low = [min(box[i] for box in shapes) for i in range(3)]
  return [round(c, 4) for c in (*low, *(max(box[i] for box in shapes) for i in range(3, 6)))]


def main() -> None:
  """Writes the file."""
  parser = argparse.ArgumentParser()
  parser.add_argument("--minecraft_data", type=pathlib.Path, required=True)
  folder = parser.parse_args().minecraft_data / "data/data/pc"
  load = lambda version, name: json.loads((folder / version / f"{name}.json").read_text())
  collision = load("1.16.1", "blockCollisionShapes")
  later = {block["name"]: block for block in load("1.17", "blocks")}
  later_items = {item["id"]: item["name"] for item in load("1.17", "items")}
  bounds = {number: _bounds(boxes) for number, boxes in collision["shapes"].items()}
  kinds = sorted({json.dumps(box) for box in bounds.values()})
  blocks = {}
  for block in load("1.16.2", "blocks"):
    name, new = block["name"], later.get(block["name"])
    states = collision["blocks"][name]
    states = states if isinstance(states, list) else [states]
    which = sorted({kinds.index(json.dumps(bounds[str(state)])) for state in states})
    tools = [later_items[int(i)] for i in new.get("harvestTools", {})] if new else []
    tier = min((TIERS.get(tool.split("_")[0], 1) for tool in tools), default=0)
    blocks[name] = {
      "hardness": block["hardness"] if block["diggable"] else -1,
      "light": new and new["emitLight"], "tier": tier if new else None, "bounds": which,
    }  # fmt: skip
  facts = {
    "source": "minecraft-data (PyPI minecraft_data 3.20.0, MIT licence): 1.16.2, 1.16.1, 1.17",
    "items": [item["name"] for item in load("1.16.2", "items")],
    "entities": [entity["name"] for entity in load("1.16.2", "entities")],
    "bounds": [json.loads(kind) for kind in kinds],
    "foods": {f["name"]: [f["foodPoints"], f["saturation"]] for f in load("1.16.1", "foods")},
  }
  lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(row)}" for name, row in blocks.items())
  GOLDEN.write_text(f'{json.dumps(facts)[:-1]},\n"blocks": {{\n{lines}\n}}}}\n')


if __name__ == "__main__":
  main()
