"""Scraps: what they take, where they end, how many there are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sporemetry.dataset.synthesis.canvas import Canvas, Lens
from sporemetry.dataset.synthesis.draws import fixed
from sporemetry.dataset.synthesis.scraps import Scraps, make_scraps, stamp_scraps
from sporemetry.errors import SettingsError

KIND = Scraps(
    name="scraps",
    per_mm2=400.0,
    radius_um=fixed(10.0),
    shade=(0.1, 0.2, 0.3),
    contrast=(0.0, 0.0, 0.0),
)


def canvas(channels: int = 3) -> Canvas:
    return Canvas((300, 300), channels, Lens(1.0, (150.0, 150.0)))


def stamped(
    kind: Scraps, seed: int = 0, channels: int = 3
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    made = canvas(channels)
    stamp_scraps(made, kind, np.random.default_rng(seed))
    return made.transmission


def test_without_contrast_it_takes_its_shade_and_no_more() -> None:
    changes = [scrap.changes[0] for scrap in make_scraps(KIND, canvas(), np.random.default_rng(0))]
    for channel, shade in enumerate(KIND.shade):
        lowest = [float(change[channel].min()) for change in changes]
        assert min(lowest) == pytest.approx(-shade, abs=1e-6)
        assert max(lowest) < -0.3 * shade  # also the most ragged
        assert all(change[channel].max() == 0.0 for change in changes)


def test_contrast_is_that_set_less_what_the_ragged_border_leaves_out() -> None:
    kind = replace(KIND, shade=(0.0, 0.0, 0.0), contrast=(0.2, 0.1, 0.2), slim=1.0, radius_um=fixed(30.0))
    scraps = make_scraps(kind, canvas(), np.random.default_rng(0))
    middles = np.stack([scrap.changes[0][:, 39:64, 39:64] for scrap in scraps])
    red, green, blue = (middles[:, channel].std() for channel in range(3))
    assert 0.75 * 0.2 < red < 1.05 * 0.2
    assert green == pytest.approx(0.5 * red, rel=1e-5)
    assert blue == pytest.approx(red, rel=1e-5)
    assert abs(middles.mean()) < 0.02


def test_a_print_has_eight_positions_and_ends_where_its_square_does() -> None:
    scrap = make_scraps(KIND, canvas(), np.random.default_rng(0))[0]
    assert len(scrap.changes) == 8
    side = scrap.changes[0].shape[1]
    assert side == 2 * 17 + 1  # 1.7 radii
    reference = scrap.changes[0]
    assert any(np.array_equal(np.rot90(reference, 1, axes=(1, 2)), other) for other in scrap.changes)
    assert any(np.array_equal(reference[:, :, ::-1], other) for other in scrap.changes)


def test_as_many_as_asked_for() -> None:
    assert (stamped(replace(KIND, per_mm2=0.0)) == 1.0).all()
    # Small and full, so that hardly any meet: what they take together is the number times what one takes.
    small = replace(KIND, radius_um=fixed(2.0), slim=1.0, prints=60)
    one = float(
        np.mean(
            [scrap.changes[0][0].sum() for scrap in make_scraps(small, canvas(), np.random.default_rng(1))]
        )
    )
    taken = np.mean([(stamped(small, seed)[0] - 1.0).sum() for seed in range(20)])
    assert taken / one == pytest.approx(400.0 * 0.09, rel=0.12)


def test_same_numbers_same_scraps_and_grey_is_the_green() -> None:
    varied = replace(KIND, variation=0.4, contrast=(0.2, 0.2, 0.2), per_cluster=2.0, cluster_um=9.0)
    assert np.array_equal(stamped(varied, 2), stamped(varied, 2))
    assert np.array_equal(stamped(varied, 2, channels=1)[0], stamped(varied, 2)[1])


def test_larger_than_a_print_may_be_and_smaller_than_a_pixel() -> None:
    for radius in (500.0, 0.0, 0.01):
        values = stamped(replace(KIND, radius_um=fixed(radius), per_mm2=60.0))
        assert np.isfinite(values).all()
        assert values.min() >= 0.0


@pytest.mark.parametrize("prints", [0, 257])
def test_numbers_of_prints_that_are_refused(prints: int) -> None:
    with pytest.raises(SettingsError, match="prints"):
        replace(KIND, prints=prints)
