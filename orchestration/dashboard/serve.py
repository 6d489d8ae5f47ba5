"""The server of the web page, with its libraries loaded before the first visitor comes.

Belongs here: starting Streamlit. Does not belong here: the address and other choices (cli.py).
"""

from __future__ import annotations

import sys
from importlib import import_module

from orchestration.settings import PROJECT_ROOT

#: In a folder of its own: beside a folder called pages, Streamlit would take every module in it for
#: a page until the first visitor has seen the real ones, and show nothing at their addresses.
APP = PROJECT_ROOT / "orchestration" / "dashboard" / "frame" / "app.py"
#: Streamlit loads them for its first visitor, who then waits a second longer.
NEEDED = ("pandas", "pyarrow", "altair", "orchestration.audiences.report")


def main() -> None:
    """Run `streamlit run` on the page with the arguments of this process."""
    for module in NEEDED:
        import_module(module)
    from streamlit.web import cli

    cli.main(["run", str(APP), *sys.argv[1:]], prog_name="streamlit")


if __name__ == "__main__":
    main()
