"""A simulated retailer with known truth, at any size, and published retail data as a second input.

Belongs here: making landing files and the truth about them. Does not belong here: anything the
warehouse needs in order to run; no pipeline step imports this package.
"""

from orchestration.demo.retailer import SimulationSummary, simulate

__all__ = ["SimulationSummary", "simulate"]
