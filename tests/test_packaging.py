"""An installed copy, not only an editable one, has the files that the code reads."""

import configparser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("cross_jax", "data_pipelines")


def test_every_file_that_is_read_is_installed():
  config = configparser.ConfigParser()
  config.read(ROOT / "setup.cfg")
  patterns = config["options.package_data"]["*"].split(", ")
  folders = [path.parent for name in PACKAGES for path in (ROOT / name).rglob("__init__.py")]
  installed = {file for folder in folders for each in patterns for file in folder.glob(each)}
  there = {path for name in PACKAGES for path in (ROOT / name).rglob("*") if path.is_file()}
  read = {path for path in there if path.suffix not in (".py", ".pyc")}
  assert read == installed and len(read) > 15
