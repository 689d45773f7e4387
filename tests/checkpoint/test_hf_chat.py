"""Conversations in a checkpoint's own template: the ids and patches of transformers' processor."""

import copy
import doctest
import json

import numpy as np
import pytest
from PIL import Image

from cross_jax import chat_template
from cross_jax.checkpoint import hf_preprocessor
from cross_jax.checkpoint.hf_chat import read_chat
from cross_jax.conversation import encode_conversation
from cross_jax.models.qwen2_vl.preprocess import pixel_values
from cross_jax.tokenizer import load_tokenizer
from tests.checkpoint import chat_folder
from tests.checkpoint.chat_folder import CONFIG, LIMITS, PATCHES

TOKENIZER = load_tokenizer()


def picture(width, height):
  pixels = np.random.default_rng(width * height).integers(0, 256, (height, width, 3))
  return {"type": "image", "image": Image.fromarray(pixels.astype(np.uint8))}


def text(words):
  return {"type": "text", "text": words}


WIDE, TALL, SMALL = picture(60, 33), picture(17, 50), picture(9, 8)
CONVERSATIONS = {
  "text": [{"role": "user", "content": "Mine an oak log."}],
  "text in parts": [{"role": "user", "content": [text("Mine it. "), text(" Now!")]}],
  "one picture": [{"role": "user", "content": [WIDE, text("What is this?")]}],
  "pictures of different sizes": [
    {"role": "user", "content": [WIDE, SMALL, text(" and "), TALL, text("?\n\n")]}
  ],
  "pictures between turns": [
    {"role": "user", "content": [SMALL, text("Go on.")]},
    {"role": "assistant", "content": "Motion: jump\nAction: press(space)"},
    {"role": "user", "content": [text("And now?"), TALL]},
    {"role": "assistant", "content": [text("Action: no_op")], "tool_calls": None},
    {"role": "assistant", "content": None},
    {"role": "user", "content": [WIDE, SMALL]},
  ],
}
SYSTEM = {"role": "system", "content": "Play well."}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
  return chat_folder.write(tmp_path_factory.mktemp("chat") / "hf")


@pytest.fixture(scope="module")
def chat(folder):
  return read_chat(folder, CONFIG, TOKENIZER)


@pytest.fixture(scope="module")
def theirs(folder):
  return chat_folder.processor(folder)


def check_equal(processor, chat, messages, add_generation_prompt=True, variables=None):
  """Compares with transformers; returns the text that ours decodes to."""
  expected = processor.apply_chat_template(
    copy.copy(messages), tokenize=True, return_dict=True, return_tensors=None,
    add_generation_prompt=add_generation_prompt, **(variables or {}),
  )  # fmt: skip
  got = encode_conversation(
    chat, messages, add_generation_prompt=add_generation_prompt, variables=variables
  )
  (ids,) = expected["input_ids"]
  assert got.ids.tolist() == ids and got.ids.dtype == np.int32
  grids = [tuple(map(int, grid)) for grid in expected.get("image_grid_thw", [])]
  assert [(1, *grid) for grid in got.grids] == grids
  values = np.asarray(expected.get("pixel_values", np.zeros((0, 96))))
  np.testing.assert_allclose(pixel_values(got.patches, CONFIG), values, rtol=0, atol=1e-5)
  assert got.positions.shape == (3, len(ids))
  return chat.tokenizer.decode(ids, skip_special_tokens=False)


@pytest.mark.parametrize("has_system", [False, True])
@pytest.mark.parametrize("name", CONVERSATIONS)
def test_ids_and_patches_equal_the_processors(theirs, chat, name, has_system):
  messages = [SYSTEM] * has_system + CONVERSATIONS[name]
  written = check_equal(theirs, chat, messages)
  start = "Play well." if has_system else "You are a helpful assistant."
  assert written.startswith(f"<|im_start|>system\n{start}<|im_end|>\n<|im_start|>user\n")
  assert written.endswith("<|im_end|>\n<|im_start|>assistant\n")


def test_a_conversation_without_the_assistants_turn_and_with_numbered_pictures(theirs, chat):
  messages = CONVERSATIONS["pictures between turns"]
  written = check_equal(
    theirs, chat, messages, add_generation_prompt=False, variables={"add_vision_id": True}
  )
  assert written.endswith("<|vision_end|><|im_end|>\n") and "Picture 4: <|vision_start|>" in written


def test_the_default_system_turn_by_hand(chat):
  got = encode_conversation(chat, [{"role": "user", "content": [text("Hi. "), SMALL]}])
  # 9 x 8 px, under 256: sides x sqrt(256 / 72) are 17.0 x 15.1, up to 24 x 16: 6 x 4 patches.
  assert got.grids == ((4, 6),)
  assert TOKENIZER.decode(got.ids.tolist(), skip_special_tokens=False) == (
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
    "<|im_start|>user\nHi. <|vision_start|>" + "<|image_pad|>" * 6 + "<|vision_end|><|im_end|>\n"
    "<|im_start|>assistant\n"
  )


NUMBERS = list(LIMITS.values())
LIMIT_FORMS = {
  "at the top": LIMITS,
  "in size": {"size": {"shortest_edge": NUMBERS[0], "longest_edge": NUMBERS[1]}},
  "both": {"size": {"shortest_edge": 1, "longest_edge": 9}, **LIMITS},
}


@pytest.mark.parametrize("name", LIMIT_FORMS)
def test_limits_of_pictures_are_the_folders(tmp_path, name):
  folder = chat_folder.write(tmp_path / "hf", preprocessor=LIMIT_FORMS[name])
  chat = read_chat(folder, CONFIG, TOKENIZER)
  assert (chat.min_pixels, chat.max_pixels) == (256, 2048)
  check_equal(chat_folder.processor(folder), chat, CONVERSATIONS["pictures of different sizes"])


def test_limits_of_the_nested_and_the_silent_file(tmp_path):
  folder = chat_folder.write(tmp_path / "hf", preprocessor={"size": {}})
  assert hf_preprocessor.read_limits(folder, CONFIG) == (3136, 1_003_520)  # transformers' own
  (folder / "preprocessor_config.json").write_text(json.dumps({"size": dict(LIMITS)}))
  assert hf_preprocessor.read_limits(folder, CONFIG) == (256, 2048)
  nested = {"image_processor": {**PATCHES, "size": {"shortest_edge": 64, "longest_edge": 640}}}
  (folder / "processor_config.json").write_text(json.dumps(nested))
  assert hf_preprocessor.read_limits(folder, CONFIG) == (64, 640)
  check_equal(chat_folder.processor(folder), read_chat(folder, CONFIG, TOKENIZER),
              CONVERSATIONS["one picture"])  # fmt: skip
  for name in ("processor_config.json", "preprocessor_config.json"):
    (folder / name).unlink()
  with pytest.raises(FileNotFoundError, match="neither preprocessor_config.json nor"):
    hf_preprocessor.read_limits(folder, CONFIG)


@pytest.mark.parametrize(
  "change, message",
  [
    ({"patch_size": 14}, "patch_size 14, this model's pictures have 4"),
    ({"merge_size": 1}, "merge_size 1"),
    ({"temporal_patch_size": 1}, "temporal_patch_size 1"),
    ({"image_mean": [0.5, 0.5, 0.5]}, r"image_mean \[0.5, 0.5, 0.5\]"),
    ({"image_std": [1.0]}, r"image_std \[1.0\]"),
    ({"resample": 2}, "resample 2, this model's pictures have 3"),
    ({"do_normalize": False}, "do_normalize False"),
    ({"rescale_factor": 1.0}, "rescale_factor 1.0"),
    ({"size": 224}, "size 224, must be an object"),
    ({"min_pixels": 4096, "max_pixels": 2048}, "areas from 4096 to 2048 px"),
    ({"max_pixels": "many"}, "areas from 3136 to 'many'"),
  ],
  ids=str,
)
def test_pictures_of_another_model_are_refused(tmp_path, change, message):
  folder = chat_folder.write(tmp_path / "hf", preprocessor=change)
  with pytest.raises(ValueError, match=f"preprocessor_config.json: .*{message}"):
    hf_preprocessor.read_limits(folder, CONFIG)


PLACES = {  # where a template may stand: files, later ones of less weight
  "processor_config.json": lambda t: {"chat_template": t},
  "chat_template.json": lambda t: {"chat_template": t},
  "chat_template.jinja": None,
  "tokenizer_config.json": lambda t: {
    **chat_folder.TOKENS,
    "chat_template": [{"name": "tools", "template": "?"}, {"name": "default", "template": t}],
  },
}


def test_the_template_is_found_where_it_stands(tmp_path):
  folder = chat_folder.write(tmp_path / "hf", template=None)
  with pytest.raises(FileNotFoundError, match="has no chat template .*cross_jax.prompt"):
    read_chat(folder, CONFIG, TOKENIZER)
  for name, make in reversed(PLACES.items()):
    template = f"{name}{{{{ pad_token }}}}"
    content = template if make is None else json.dumps(make(template))
    (folder / name).write_text(content)
    chat = read_chat(folder, CONFIG, TOKENIZER)
    assert chat.template == template
    assert chat.special_tokens == {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}
  (folder / "processor_config.json").write_text('{"chat_template": 5}')
  with pytest.raises(ValueError, match="processor_config.json: chat_template is no text"):
    read_chat(folder, CONFIG, TOKENIZER)


@pytest.mark.parametrize(
  "template",
  [
    "{{ messages | tojson }}|{{ messages | tojson(indent=1) }}",
    "  {% if true %}\n  a\n  {% endif %}\nb",  # lstrip_blocks, trim_blocks
    "{% for m in messages %}{% if loop.index == 2 %}{% break %}{% endif %}{{ m.role }}{% endfor %}",
    "{% generation %}{{ messages[0].content }}{% endgeneration %}",
    "{{ messages[0].none }}{{ tools is none }}{{ documents is none }}{{ 3 if eos_token }}",
  ],
)
def test_templates_render_as_in_transformers(theirs, template):
  messages = [{"role": "user", "content": "<b>'é'</b>"}, {"role": "assistant", "content": "ok"}]
  variables = theirs.tokenizer.special_tokens_map
  expected = theirs.apply_chat_template(messages, chat_template=template, tokenize=False)
  got = chat_template.render(template, messages, add_generation_prompt=False, variables=variables)
  assert got == expected and got


def test_a_template_that_refuses_or_fails_is_a_clear_error():
  messages = [{"role": "user", "content": "Hi."}]
  for template, words in (
    ("{{ raise_exception('no tools') }}", "TemplateError: no tools"),
    ("{% for m in messages %}", "line 1: TemplateSyntaxError"),
    ("{{ messages[0].content + 1 }}", "TypeError"),
    ("{{ messages[3].content }}", "UndefinedError"),
    ("{{ ''.__class__.__mro__ }}", "SecurityError"),  # the sandbox
    ("{{ messages.append(1) }}", "SecurityError"),
  ):
    with pytest.raises(ValueError, match=f"chat template.*{words}"):
      chat_template.render(template, messages)


def test_messages_of_another_form_are_refused(chat):
  user = lambda *parts: [{"role": "user", "content": list(parts)}]
  for messages, words in (
    (user({"type": "video", "video": "a.mp4"}), "a part of a message is 'video'"),
    (user("Hi."), "a part of a message is None"),
    (user({"type": "image"}), "a picture is a NoneType: must be one of Pillow, or uint8"),
    (user({"type": "image", "image": "a.png"}), "open files with PIL.Image.open"),
    (user({"type": "image", "image": np.zeros((8, 8))}), "a picture is a ndarray"),
    (user(text("see <|image_pad|>")), "contains <|image_pad|>, which only the template may write"),
    ([{"role": "user<|im_end|>", "content": ""}], "contains <|im_end|>"),
  ):
    with pytest.raises(ValueError) as caught:
      encode_conversation(chat, messages)
    assert words in str(caught.value)
  blind = chat._replace(template="{% for m in messages %}{{ m.role }}{% endfor %}")
  with pytest.raises(ValueError, match="writes 0 <.image_pad.> for 1 pictures"):
    encode_conversation(blind, user(SMALL))


def test_buckets_and_a_prompt_that_is_too_long(chat):
  messages = CONVERSATIONS["pictures of different sizes"]
  got = encode_conversation(chat, messages, buckets=((16, 32), (16, 16), (40, 16)))
  assert got.grids == ((4, 8), (4, 4), (10, 4))
  with pytest.raises(
    ValueError,
    match=r"prompt of \d+ tokens \(22 of 3 pictures\), over max_prompt_len=40; shorten the",
  ):
    encode_conversation(chat, messages, buckets=((16, 32), (16, 16), (40, 16)), max_prompt_len=40)
  array = {"type": "image", "image": np.asarray(WIDE["image"])}
  one = encode_conversation(chat, [{"role": "user", "content": [array]}])
  other = encode_conversation(chat, [{"role": "user", "content": [WIDE]}])
  np.testing.assert_array_equal(one.patches, other.patches)


def test_docstring_examples():
  assert doctest.testmod(chat_template).failed == 0
