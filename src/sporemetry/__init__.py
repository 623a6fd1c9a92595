"""Sporemetry: counts, densities and sizes of fungal spores from microscope pictures."""

__version__ = "0.1.0"
