"""The unit tests' documents, for tests that run other programs on them."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

SAMPLES = Path(__file__).parents[2] / "unit" / "acts" / "conftest.py"

_spec = spec_from_file_location("acts_samples", SAMPLES)
assert _spec is not None
assert _spec.loader is not None
_samples = module_from_spec(_spec)
_spec.loader.exec_module(_samples)

jpeg = _samples.jpeg
make_act = _samples.make_act
make_evidence = _samples.make_evidence
seal_key = _samples.seal_key
sealed = _samples.sealed
