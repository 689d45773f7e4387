"""Builds the native renderer with this machine's C++ compiler, once, and makes it known to XLA.

What is built is kept in CROSS_JAX_CACHE, or else cross_jax in XDG_CACHE_HOME (by default ~/.cache),
under a name that says what it was built from: sources, flags, compiler, jaxlib and processor. A
build removes those that nothing has used for UNUSED_S.
"""

import contextlib
import ctypes
import functools
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import jax
import jaxlib

TARGET = "cross_jax_draw_pictures"
SYMBOL = "CrossJaxDrawPictures"
FLAGS = (
  "-std=c++17",
  "-O3",
  "-march=native",
  "-ffp-contract=off",  # products and sums are fused only where the source says so
  "-fPIC",
  "-shared",
  "-w",
)
X86_FLAGS = ("-mprefer-vector-width=512",)
FOLDER = Path(__file__).parent
STALE_S = 3600.0  # after which what a killed build left is removed
UNUSED_S = 30 * 86_400.0  # after which a library that no process has used is removed
_SOURCE = "pictures.cc"
_BUILDING = ".building_"
_HINT = (
  "install g++ 10 or newer or clang++ (Debian, Ubuntu: apt-get install g++), name one in CXX, or "
  'draw without it: renderer "jax"'
)


def _compiler() -> list[str]:
  """The command, with its arguments if CXX has some."""
  names = [os.environ["CXX"]] if os.environ.get("CXX") else ["g++", "clang++", "c++"]
  for name in names:
    program, *arguments = shlex.split(name)
    if found := shutil.which(program):
      return [found, *arguments]
  raise RuntimeError(f"the native renderer needs a C++ compiler, none of {names} is there: {_HINT}")


def cache_dir() -> Path:
  """Where libraries are kept."""
  if folder := os.environ.get("CROSS_JAX_CACHE"):
    return Path(folder)
  base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
  return Path(base) / "cross_jax"


def _processor() -> str:
  """What tells processors apart that understand different instructions."""
  try:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
  except OSError:
    return platform.processor()
  return "\n".join(sorted({x for x in lines if x.startswith(("model name", "flags", "Features"))}))


def _key(compiler: list[str], flags: tuple[str, ...]) -> str:
  """Of everything that the library depends on."""
  version = subprocess.run([*compiler, "--version"], capture_output=True, text=True).stdout
  parts = [*compiler, version, *flags, jaxlib.__version__, platform.machine(), _processor()]
  sources = sorted([*FOLDER.glob("*.h"), *FOLDER.glob("*.cc")])
  parts += [path.name + path.read_text(encoding="utf-8") for path in sources]
  return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
  """OSError as RuntimeError that says what could not be done, and the way out."""
  try:
    yield
  except OSError as error:
    raise RuntimeError(
      f"the native renderer: {what}: {error}; set CROSS_JAX_CACHE to a folder where libraries can "
      f"be written and loaded, or {_HINT}"
    ) from error


def _remove_stale(folder: Path) -> None:
  """Removes what builds that were killed have left."""
  for path in folder.glob(f"{_BUILDING}*"):
    with contextlib.suppress(OSError):
      if time.time() - path.stat().st_mtime > STALE_S:
        shutil.rmtree(path)


def _remove_unused(folder: Path) -> None:
  """Removes libraries of other sources, compilers and so on; a process that has one keeps it."""
  for path in folder.glob("pictures-*.so"):
    with contextlib.suppress(OSError):
      if time.time() - path.stat().st_mtime > UNUSED_S:
        path.unlink()


def build(folder: Path | None = None) -> Path:
  """Compiles the kernel unless that was done before.

  Args:
    folder: where it is kept; None: cache_dir().
  Returns:
    The path of the library.
  Raises:
    RuntimeError: there is no compiler, it fails, or the folder can't be written; the message says
      what to do.
  """
  compiler = _compiler()
  is_x86 = platform.machine().lower() in ("x86_64", "amd64")
  flags = FLAGS + (X86_FLAGS if is_x86 else ())
  folder = folder or cache_dir()
  with _told(f"{shlex.join(compiler)} does not run"):
    library = folder / f"pictures-{_key(compiler, flags)}.so"
  with _told(f"{folder} can't be used"):
    if library.exists():
      with contextlib.suppress(OSError):  # of a folder that others fill
        os.utime(library)
      return library
    folder.mkdir(parents=True, exist_ok=True)
    _remove_stale(folder)
    with tempfile.TemporaryDirectory(dir=folder, prefix=_BUILDING) as work:
      made = Path(work) / library.name
      command = [*compiler, *flags, f"-I{jax.ffi.include_dir()}", str(FOLDER / _SOURCE)]
      command += ["-o", str(made)]
      done = subprocess.run(command, capture_output=True, text=True)
      if done.returncode:
        raise RuntimeError(
          f"the native renderer does not build: {shlex.join(command)}\n{done.stderr[-2000:]}\n"
          f"{_HINT}"
        )
      os.replace(made, library)
    _remove_unused(folder)
  return library


def register(library: Path, target: str) -> None:
  """Makes a library of `build` known to XLA for CPUs under the name `target`.

  Raises:
    OSError: it can't be loaded.
  """
  symbol = getattr(ctypes.cdll.LoadLibrary(str(library)), SYMBOL)
  jax.ffi.register_ffi_target(target, jax.ffi.pycapsule(symbol), platform="cpu")


@functools.cache
def load_kernel() -> Path:
  """Builds the kernel if that is still to be done, and registers it as TARGET.

  A library that can't be loaded, such as one that was cut short or has just been removed, is built
  anew once.

  Returns:
    The path of the library.
  Raises:
    RuntimeError: as `build`, or what was built can't be loaded.
  """
  library = build()
  try:
    register(library, TARGET)
  except OSError:
    with _told(f"{library} can't be loaded"):
      library.unlink(missing_ok=True)
      library = build()
      register(library, TARGET)
  return library
