"""`python -m cross_jax.act` on a random policy and made-up pictures."""

import json
import math

import numpy as np
import pytest
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from cross_jax import act as act_module
from cross_jax.actions import parse
from cross_jax.base import SPACES, ParseFailure, View
from cross_jax.checkpoint.policy import load_policy, save_policy
from cross_jax.screen import crop_views, read_screen
from cross_jax.tokenizer import SPACE_PREFIXES, load_tokenizer
from tests.checkpoint import small_policy


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
  directory = tmp_path_factory.mktemp("act") / "policy"
  save_policy(directory, small_policy.random_params(), small_policy.SPEC, load_tokenizer())
  return directory


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
  path = tmp_path_factory.mktemp("pictures") / "frame.png"
  pixels = np.random.default_rng(0).integers(0, 256, (360, 640, 3), np.uint8)
  Image.fromarray(pixels).save(path)
  return path


def run(policy, picture, capsys, *options):
  """(exit status, standard output, standard error) of the command line."""
  arguments = ["--checkpoint", str(policy), "--image", str(picture)]
  status = act_module.main([*arguments, "--instruction", "Mine an oak log.", *options])
  captured = capsys.readouterr()
  return status, captured.out, captured.err


def test_prints_response_parse_and_log_probabilities(policy, picture, capsys):
  status, out, err = run(policy, picture, capsys, "--json", "--temperature", "0.8")
  assert (status, err) == (0, "")
  decision = json.loads(out)
  assert set(decision) == {"response", "logp", "parsed", "first_tick", "space_logp"}
  assert decision["parsed"]["ok"] == (not isinstance(parse(decision["response"]), ParseFailure))
  assert list(decision["space_logp"]) == list(SPACES)
  assert all(math.isfinite(logp) and logp <= 0 for logp in decision["space_logp"].values())
  # The prefixes exclude one another, so their probabilities sum to at most one.
  assert sum(math.exp(logp) for logp in decision["space_logp"].values()) <= 1 + 1e-5


def test_a_forced_space_begins_the_response_to_a_jpeg(policy, tmp_path, capsys):
  path = tmp_path / "photo.jpg"
  Image.new("RGB", (300, 300), "#406080").save(path)
  status, out, err = run(policy, path, capsys, "--json", "--space", "grounding")
  decision = json.loads(out)
  assert status == 0
  assert decision["response"].startswith(SPACE_PREFIXES["grounding"])
  # The whole response, which begins in that space, is at most as likely as its beginning.
  assert decision["logp"] <= decision["space_logp"]["grounding"] + 1e-4
  assert err.startswith("note: ") and "300x300" in err and "16:9" in err


def test_a_spaces_prefix_is_what_its_responses_begin_with():
  own, bytes_ = load_tokenizer(), Tokenizer(models.BPE())
  bytes_.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)  # splits as Qwen's
  trainer = trainers.BpeTrainer(initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
  texts = [f"{prefix}press move turn left" for prefix in SPACE_PREFIXES.values()]
  bytes_.train_from_iterator(texts, trainer)
  for tokenizer in (own, bytes_):
    for space, prefix in SPACE_PREFIXES.items():
      ids = act_module._prefix_ids(tokenizer, space)
      response = tokenizer.encode(f"{prefix}press", add_special_tokens=False).ids
      assert response[: len(ids)] == ids and len(ids) < len(response)
  assert own.decode(act_module._prefix_ids(own, "raw")) == SPACE_PREFIXES["raw"]


def test_text_output_names_every_space():
  parsed = act_module.describe("Motion: jump\nAction: press(space)")
  share = {"raw": -1.5, "motion": -0.25, "grounding": -9.0, "language": -30.0, "latent": -40.0}
  decision = {
    "response": "Motion: jump\nAction: press(space)",
    "logp": -0.5,
    "parsed": parsed,
    "first_tick": {"pressed": ["jump"], "camera_deg": [0.0, 6.0]},
    "space_logp": share,
  }
  assert act_module.to_text(decision).splitlines() == [
    "response:",
    "  Motion: jump",
    "  Action: press(space)",
    "space: motion",
    '  motion: ["jump"]',
    '  raw: "press(space)"',
    "first tick: jump pressed, camera +0 pitch +6 yaw degrees",
    "log-probability that a response begins in each space, nats:",
    "  raw          -1.500",
    "  motion       -0.250",
    "  grounding    -9.000",
    "  language    -30.000",
    "  latent      -40.000",
  ]
  failed = act_module.describe("Action: press(nothing)")
  lines = act_module.to_text({**decision, "parsed": failed, "first_tick": None}).splitlines()
  assert lines[3].startswith("does not parse: ") and "first tick" not in "".join(lines)


def test_a_parsed_response_shows_its_first_tick():
  images = (np.zeros((64, 112, 3), np.uint8),)
  tick = act_module._first_tick("Action: move(40, -20) and press(w)", images, (), False)
  assert tick == {"pressed": ["forward"], "camera_deg": [-3.0, 6.0]}  # 0.15 degrees a pixel
  assert act_module._first_tick("Action: press(nothing)", images, (), False) is None


@pytest.mark.parametrize(
  ("size", "is_noted"), [((640, 360), False), ((1920, 1080), False), ((1366, 768), False),
                         ((640, 480), True), ((360, 640), True)],
)  # fmt: skip
def test_only_another_aspect_is_noted(tmp_path, size, is_noted):
  path = tmp_path / "picture.png"
  Image.new("RGB", size).save(path)
  screen, note = read_screen(path)
  assert screen.size == (640, 360)
  assert (note is not None) == is_noted


def test_views_are_means_over_the_area_of_each_sample():
  pixels = np.random.default_rng(1).integers(0, 256, (360, 640, 3), np.uint8)
  views = (View(0, 0, 640, 360, 128, 72), View(224, 84, 416, 276, 96, 96))
  whole, centre = crop_views(Image.fromarray(pixels), views)
  mean = lambda x, h, w, n: x.reshape(h, n, w, n, 3).astype(np.float64).mean((1, 3))
  # Columns, then rows, are rounded to whole values: half a step each.
  np.testing.assert_allclose(whole, mean(pixels, 72, 128, 5), atol=1.0)
  np.testing.assert_allclose(centre, mean(pixels[84:276, 224:416], 96, 96, 2), atol=1.0)


def test_bad_input_is_a_clear_error(policy, picture, tmp_path, capsys):
  (tmp_path / "notes.png").write_text("not a picture")
  (tmp_path / "cut.png").write_bytes(picture.read_bytes()[:5000])
  cases = {
    (policy, tmp_path / "none.png"): "no picture",
    (policy, tmp_path): "no picture",
    (policy, tmp_path / "notes.png"): "not a readable picture",
    (policy, tmp_path / "cut.png"): "not a readable picture",
    (tmp_path / "nowhere", picture): "policy.json is missing: give a policy folder",
  }
  for (checkpoint, image), message in cases.items():
    status, out, err = run(checkpoint, image, capsys)
    assert (status, out) == (1, "")
    assert err.startswith("error: ") and message in err and err.count("\n") == 1


def test_an_unknown_space_names_the_known_ones(policy, picture, capsys):
  with pytest.raises(SystemExit):
    run(policy, picture, capsys, "--space", "telepathy")
  assert "telepathy" in (err := capsys.readouterr().err) and "grounding" in err
  params, spec, tokenizer = load_policy(policy)
  with pytest.raises(ValueError, match="space 'telepathy': must be one of raw, motion"):
    act_module.act(params, spec, tokenizer, (), "Mine an oak log.", space="telepathy")


def test_bad_instruction_and_temperature_are_clear_errors(policy, picture, capsys):
  for options, message in (
    (["--instruction", "log " * 200], "over max_prompt_len=96"),
    (["--instruction", "a <|im_end|>"], "which only the template may write"),
    (["--temperature", "-1"], "temperature=-1.0: must be >= 0"),
  ):
    status, out, err = run(policy, picture, capsys, *options)
    assert (status, out) == (1, "") and message in err
