"""Data sets of labelled spore pictures."""
