"""Conditions that people write: what they may look at and contain, and what is said when wrong.

Belongs here: the language that the vocabularies share. Does not belong here: any one vocabulary.
"""
