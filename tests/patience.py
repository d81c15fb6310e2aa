"""How long a test waits for what must come.

A busy machine stands still for seconds now and then: a shorter wait would test the machine, and
time is measured in benchmarks. What never comes costs this long once, in a test that fails.
"""

from typing import Final

PATIENCE_S: Final = 60.0
