"""What customers are interested in: own signs, completed by what is liked together.

acts → completion → choice → memory, labels → scoring. Callers need `find_interests` and, between
runs, `InterestMemory.to_dict` / `from_dict`.
Belongs here: strengths of interest, the groups of customers they make, and their grades.
Does not belong here: counting signs of interest (SQL), tags made of interests, recommendations of
products; reading and writing tables is the asset's work.
"""

from orchestration.analysis.interests.config import InterestConfig
from orchestration.analysis.interests.memory import InterestMemory
from orchestration.analysis.interests.scoring import InterestResult, find_interests

__all__ = ["InterestConfig", "InterestMemory", "InterestResult", "find_interests"]
