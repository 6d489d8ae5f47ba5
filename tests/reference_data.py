"""Where published sets are that no package carries.

Belongs here: the folder. Does not belong here: reading any one set; skipping where it is absent.
"""

from __future__ import annotations

import os
from pathlib import Path

from orchestration.settings import PROJECT_ROOT

TEST_DATA = Path(os.environ.get("STRATA_TEST_DATA", PROJECT_ROOT.parent / "shared" / "data"))
