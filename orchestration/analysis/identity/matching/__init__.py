"""Which records are probably one person although they share no identifier: the Splink model.

Belongs here: what is compared and how, which pairs are compared, training, scoring, the model file.
Does not belong here: who ends up in one customer (components.py), anything deterministic.
"""
