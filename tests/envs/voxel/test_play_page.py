"""The page's script in node: what it asks of the server as a scripted player plays."""

import json
import shutil
import subprocess
from importlib import resources

import pytest

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="no node")

# A browser as far as the page needs one. The player's steps come between ticks; a step is
# [events, is_gui_open of the next answer].
BROWSER = """
const { page, steps } = JSON.parse(require("fs").readFileSync(0));
const heard = {}, elements = {}, ticks = [], beacons = [];
const listen = (kind, act) => { heard[kind] = act; };
const fire = (kind, event = {}) => heard[kind]({ preventDefault() {}, ...event });
const canvas = { getContext: () => ({ drawImage() {} }), requestPointerLock() {} };
const document = { addEventListener: listen, pointerLockElement: null,
  exitPointerLock() { this.pointerLockElement = null; },
  getElementById: id => id === "canvas" ? canvas
    : elements[id] ??= { value: id === "speed" ? "1" : "", replaceChildren() {} } };
let isGuiOpen = false, starts = 0;
async function fetch(path, request) {
  if (path === "/tasks") return { json: async () => ({ mine_block: ["mine_block:dirt"] }) };
  if (path === "/start") starts++;
  if (path === "/tick") ticks.push(JSON.parse(request.body).keys);
  const episode = path === "/start" ? `mine ${starts}` : "another tab's";
  const status = { instruction: "", outcome: null, tick: 0, is_gui_open: isGuiOpen, episode };
  return { ok: true, headers: { get: () => JSON.stringify(status) }, blob: async () => null };
}
function setTimeout(done) {  // after a tick's answer
  const [events, isOpenNext] = steps.shift() ?? [[], false];
  if (!steps.length) document.exitPointerLock();
  for (const event of events) fire(...event);
  isGuiOpen = isOpenNext;
  setImmediate(done);
}
const context = { document, fetch, setTimeout, performance, Option: class {}, Event: class {},
  window: { addEventListener: listen }, createImageBitmap: async () => ({ width: 64, height: 36 }),
  navigator: { sendBeacon: (path, body) => beacons.push([path, JSON.parse(body)]) } };
const rest = () => new Promise(done => setImmediate(done));
(async () => {
  require("vm").runInNewContext(page, context);
  await rest();
  fire("pagehide");
  for (let i = 0; i < 2; i++) { elements.form.onsubmit({ preventDefault() {} }); await rest(); }
  document.pointerLockElement = canvas;
  fire("pointerlockchange");
  while (document.pointerLockElement) await rest();
  await rest();
  fire("pagehide");
  console.log(JSON.stringify({ ticks, beacons }));
})();
"""


def play(steps):
  """{"ticks": keys of each, "beacons": what was sent as the page was closed}"""
  page = (resources.files("cross_jax.envs.voxel.play") / "page.html").read_text()
  script = page.split("<script>")[1].split("</script>")[0]
  done = subprocess.run(
    [NODE, "-e", BROWSER],
    input=json.dumps({"page": script, "steps": steps}),
    capture_output=True,
    text=True,
    timeout=60,
  )
  assert done.returncode == 0, done.stderr
  return json.loads(done.stdout)


def tap(code):
  return [["keydown", {"code": code}], ["keyup", {"code": code}]]


def test_the_wheel_turns_from_the_slot_in_hand_and_does_nothing_in_a_gui():
  wheel, back = [["wheel", {"deltaY": 1}]], [["wheel", {"deltaY": -1}]]
  steps = [
    (wheel, False),
    (tap("Digit5"), False),
    (tap("KeyE"), True),
    (wheel, True),
    (tap("Digit9"), True),  # swaps with what is pointed at: slot 5 stays in hand
    (tap("KeyE"), False),
    (back, False),
    ([], False),
  ]
  ticks = play(steps)["ticks"]
  assert ticks == [
    [], ["hotbar.2"], ["hotbar.5"], ["inventory"], [], ["hotbar.9"], ["inventory"], ["hotbar.4"],
  ]  # fmt: skip


def test_a_tab_that_closes_ends_the_last_episode_that_it_began_and_no_other():
  assert play([([], False)] * 3)["beacons"] == [["/stop", {"episode": "mine 2"}]]
