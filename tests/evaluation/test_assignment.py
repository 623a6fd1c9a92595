"""The assignment against all possible ones, and against scipy's maximum matching."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from sporemetry.evaluation.assignment import assign

PAIR = st.tuples(st.integers(0, 4), st.integers(0, 4))
CANDIDATES = st.dictionaries(PAIR, st.integers(0, 8).map(lambda k: k / 8), max_size=8)


@given(CANDIDATES)
@settings(deadline=None)
def test_most_pairs_first_then_the_greatest_gain(candidates: dict[tuple[int, int], float]) -> None:
    pairs = list(candidates)
    rows, columns = (np.array([pair[side] for pair in pairs], dtype=np.intp) for side in (0, 1))
    chosen = assign(rows, columns, np.array(list(candidates.values()), dtype=np.float64))
    best = (0, 0.0)
    for size in range(len(pairs) + 1):
        for subset in itertools.combinations(pairs, size):
            if all(len({pair[side] for pair in subset}) == size for side in (0, 1)):
                best = max(best, (size, sum(candidates[pair] for pair in subset)))
    picked = [pairs[index] for index in chosen]
    assert all(len({pair[side] for pair in picked}) == len(picked) for side in (0, 1))
    assert (len(picked), sum(candidates[pair] for pair in picked)) == best


def test_many_candidates_give_a_maximum_matching() -> None:
    rng = np.random.default_rng(2)
    rows, columns = np.unique(rng.integers(0, 400, (700, 2)), axis=0).T
    chosen = assign(rows, columns, rng.random(rows.size))
    narrow = (rows.astype(np.int32), columns.astype(np.int32))  # SciPy 1.12 takes no wider ones here
    partner = maximum_bipartite_matching(coo_array((np.ones(rows.size), narrow)).tocsr())
    assert chosen.size == np.count_nonzero(partner >= 0)
    assert np.unique(rows[chosen]).size == np.unique(columns[chosen]).size == chosen.size
    assert (np.diff(chosen) > 0).all()


def test_no_candidates() -> None:
    none = np.zeros(0, dtype=np.intp)
    assert assign(none, none, np.zeros(0)).size == 0
