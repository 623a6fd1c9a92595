"""How rare spores are in a data set: rings, neighbours, and the weights that losses would take."""

from __future__ import annotations
