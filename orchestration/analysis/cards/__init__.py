"""Model cards: one page about every model, for whoever has to trust it.

Belongs here: the shape of a card, its file, and the figures that cards share. Does not belong here:
what one kind of model has to say.
"""

from orchestration.analysis.cards.card import (
    Figure,
    ModelCard,
    latest_pairs,
    picture,
    read_card,
    save_card,
)

__all__ = ["Figure", "ModelCard", "latest_pairs", "picture", "read_card", "save_card"]
