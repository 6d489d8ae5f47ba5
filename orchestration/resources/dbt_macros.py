"""dbt's macros, compiled before a command needs them.

Belongs here: which macros nodes can call, and compiling them in the process that copies itself for
each command (dbt_server.py). Does not belong here: what macros do.

dbt compiles a macro when it is first called and keeps it until its process ends. Each of the four
commands of a run is a process of its own and would compile most of the 455 anew, a second each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest


def compile_macros(manifest: Manifest) -> None:
    """Fill dbt's cache of compiled macros with those that nodes can call."""
    from dbt_common.clients.jinja import template_cache

    for name in callable_macros(manifest):
        template_cache.get_node_template(manifest.macros[name])


def callable_macros(manifest: Manifest) -> set[str]:
    """Ids of the macros that nodes call, of materializations, and of what those call in turn."""
    waiting = [name for name in manifest.macros if ".materialization_" in name]
    for node in manifest.nodes.values():
        waiting += node.depends_on.macros
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        # a macro may name one that no installed package has
        if name in manifest.macros and name not in found:
            found.add(name)
            waiting += manifest.macros[name].depends_on.macros
    return found
