"""Light, optics and camera: against closed forms and independent implementations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.interpolate import BSpline

from sporemetry.dataset.synthesis.camera import Camera, decode_jpeg, encode_jpeg, expose
from sporemetry.dataset.synthesis.canvas import Canvas, Lens
from sporemetry.dataset.synthesis.debris import Blob, Thread, random_waves, wander
from sporemetry.dataset.synthesis.draws import Spread, fixed, stream
from sporemetry.dataset.synthesis.eyepiece import View, field_mask, needle_mask
from sporemetry.dataset.synthesis.grid import Ruling, ruling_distance
from sporemetry.dataset.synthesis.light import Lamp, Light, Mottle, illuminate, noise_surface, spline_surface
from sporemetry.dataset.synthesis.optics import Look, defocus_blur_um, grey, make_profile
from sporemetry.dataset.synthesis.shapes import Outline
from sporemetry.errors import SettingsError

RIMMED = Look(body=grey(0.1), rim=grey(0.4), rim_at_um=-0.8, halo=grey(0.2), halo_at_um=0.8)


def test_spline_surface_is_the_b_spline_of_scipy() -> None:
    knots = np.random.default_rng(0).standard_normal((5, 7))
    surface = spline_surface(knots, 6, (12, 24))
    y, x = (np.arange(12) + 0.5) / 6, (np.arange(24) + 0.5) / 6
    rows = BSpline(np.arange(-3.0, 6.0), knots, 3)(y)
    expected = BSpline(np.arange(-3.0, 8.0), rows.T, 3)(x).T
    np.testing.assert_allclose(surface, expected, atol=1e-5)


def test_noise_surface_has_unit_spread() -> None:
    surface = noise_surface(np.random.default_rng(5), 4, (400, 400))
    assert surface.std() == pytest.approx(1.0, abs=0.03)
    assert abs(surface.mean()) < 0.05


def test_even_light_is_even() -> None:
    light = illuminate(Light(level=(10.0, 20.0, 30.0)), (50, 70), 3, 0.5, np.random.default_rng(0))
    assert light.shape == (3, 50, 70)
    for channel, level in zip(light, (10.0, 20.0, 30.0), strict=True):
        np.testing.assert_allclose(channel, level, rtol=1e-6)


def test_other_lamps_take_their_share_of_the_pictures() -> None:
    yellow = Lamp(0.25, level=(90.0, 80.0, 40.0), edge=(1.0, 1.0, 1.0))
    light = Light(level=(100.0, 100.0, 100.0), others=(yellow,))
    middles = [illuminate(light, (4, 4), 3, 1.0, np.random.default_rng(seed))[:, 2, 2] for seed in range(400)]
    found = {tuple(np.round(middle).tolist()) for middle in middles}
    assert found == {(90.0, 80.0, 40.0), (100.0, 100.0, 100.0)}
    assert np.mean([middle[2] < 50 for middle in middles]) == pytest.approx(0.25, abs=0.06)


def test_one_lamp_draws_no_number() -> None:
    mottled = Light(level=(100.0, 100.0, 100.0), mottles=(Mottle(10.0, 0.1),))
    never = Lamp(0.0, level=(1.0, 1.0, 1.0), edge=(1.0, 1.0, 1.0))
    one, again, other = (
        illuminate(each, (20, 20), 1, 1.0, np.random.default_rng(3))
        for each in (mottled, mottled, replace(mottled, others=(never,)))
    )
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)  # the same light, from the numbers after the one that was drawn
    assert other.mean() == pytest.approx(one.mean(), rel=0.2)


def test_profile_shows_a_dark_rim_inside_and_a_bright_halo_outside() -> None:
    profile = make_profile(RIMMED, half_width_um=2.5)
    at = profile.at(np.array([-2.5, -0.8, 0.8, 5.0]), 1)
    assert at[1] < 0.6 < at[0] < 1.0 < at[2]
    assert at[3] == 1.0


def test_defocus_softens_and_strength_scales() -> None:
    depth = np.linspace(-2.5, 4.0, 200)
    sharp = make_profile(RIMMED, half_width_um=2.5).at(depth, 0)
    soft = make_profile(RIMMED, half_width_um=2.5, blur_um=defocus_blur_um(-3.0, 0.4)).at(depth, 0)
    assert np.ptp(soft) < 0.8 * np.ptp(sharp)
    none = make_profile(RIMMED, half_width_um=2.5, strength=0.0).at(depth, 0)
    assert np.array_equal(none, np.ones_like(none))


def test_stamping_multiplies_and_leaves_the_rest_alone() -> None:
    canvas = Canvas((60, 80), 1, Lens(0.5, (15.0, 20.0)))
    dark = make_profile(Look(body=grey(0.5), body_edge_um=0.05), half_width_um=4.0)
    outline = Outline("ellipse", 15.0, 20.0, 12.0, 8.0, 0.0)
    canvas.stamp(outline, dark)
    canvas.stamp(outline, dark)
    assert canvas.transmission[0, 30, 40] == pytest.approx(0.25, abs=1e-6)
    assert (canvas.transmission[0, :10] == 1).all()
    assert (canvas.transmission[0, :, :20] == 1).all()


def test_what_lies_outside_the_picture_changes_nothing() -> None:
    canvas = Canvas((20, 20), 3, Lens(1.0, (10.0, 10.0), spread=0.01))
    canvas.stamp(Blob(-50.0, 400.0, 5.0), make_profile(RIMMED, half_width_um=5.0))
    assert (canvas.transmission == 1).all()


def test_colours_part_by_the_slip_of_the_lens() -> None:
    canvas = Canvas((60, 60), 3, Lens(1.0, (30.0, 30.0), slip_um=(1.3, -0.7)))
    canvas.stamp(Blob(30.0, 30.0, 8.0), make_profile(Look(body=grey(0.5)), half_width_um=8.0))
    taken = 1.0 - canvas.transmission.astype(np.float64)
    y, x = np.indices((60, 60))
    middles = [
        ((taken[c] * y).sum() / taken[c].sum(), (taken[c] * x).sum() / taken[c].sum()) for c in range(3)
    ]
    np.testing.assert_allclose(middles, [(31.3, 29.3), (30.0, 30.0), (28.7, 30.7)], atol=0.02)


def test_thread_distance_is_that_of_its_pieces() -> None:
    pieces = wander(np.random.default_rng(1), (10.0, 5.0), 0.3, length=40.0, step=4.0, waviness=0.3)
    assert pieces.shape == (10, 4)
    np.testing.assert_allclose(pieces[1:, :2], pieces[:-1, 2:])
    thread = Thread(pieces, 2.0, 6.0)
    y, x = np.arange(-20.0, 40.0)[:, None], np.arange(0.0, 60.0)[None, :]
    found = thread.distance(y, x)
    along = np.linspace(0.0, 1.0, 200)[:, None]
    dense = np.concatenate([p[:2] + along * (p[2:] - p[:2]) for p in pieces])
    grid = np.stack(np.broadcast_arrays(y, x), axis=-1).reshape(-1, 1, 2)
    expected = np.sqrt(((grid - dense[None]) ** 2).sum(-1)).min(1).reshape(found.shape) - 1.0
    np.testing.assert_allclose(found, np.minimum(expected, 6.0), atol=0.01)


def test_an_irregular_blob_follows_its_harmonics() -> None:
    waves = random_waves(np.random.default_rng(2), 0.4)
    blob = Blob(0.0, 0.0, 10.0, waves)
    turn = np.linspace(0.0, 6.0, 30)
    radius = 10.0 * (1 + sum(h * np.cos(k * turn + p) for k, (h, p) in enumerate(waves, start=2)))
    on_contour = blob.distance(radius * np.sin(turn), radius * np.cos(turn))
    np.testing.assert_allclose(on_contour, 0.0, atol=1e-9)
    assert random_waves(np.random.default_rng(2), 0.0) == ()


def test_ruling_lines_lie_a_spacing_apart() -> None:
    ruling = Ruling(spacing_um=25.0, width_um=3.0, look=Look())
    inside = ruling_distance(ruling, (100, 100), 0.5, (5.0, 9.0), 0.0) <= 0
    assert np.flatnonzero(inside.all(axis=1)).tolist() == [*range(7, 14), *range(57, 64)]
    assert np.flatnonzero(inside.all(axis=0)).tolist() == [*range(15, 22), *range(65, 72)]


def test_field_is_the_circle_and_the_needle_stands_in_it() -> None:
    view = View(y=50.0, x=60.0, radius=30.0, tip_y=55.0, tip_x=60.0, angle=0.0, width=6.0, taper=12.0)
    field = field_mask(view, (100, 120))
    y, x = np.indices((100, 120))
    assert np.array_equal(field, np.hypot(y - 50, x - 60) <= 30)
    needle = needle_mask(view, (100, 120))
    assert not needle[:55].any()
    assert needle[90].sum() == 7  # 6 px wide, from centre -3 to +3
    assert needle[60].sum() < needle[66].sum() <= needle[90].sum()


@pytest.mark.parametrize("smear", [0, 1, 2])
def test_noise_has_the_strength_set(smear: int) -> None:
    camera = Camera(grey=True, floor=2.0, photon=3.0, smear=smear)
    light = np.full((1, 300, 300), 127.5, dtype=np.float32)
    pixels = expose(camera, light, np.random.default_rng(7))[:, :, 0].astype(np.float64)
    # Variances add: floor, half the photons' at half the light, and the rounding to whole numbers.
    assert pixels.std() == pytest.approx((4.0 + 4.5 + 1 / 12) ** 0.5, rel=0.04)
    assert pixels.mean() == pytest.approx(127.5, abs=0.1)


def test_jpeg_round_trip_keeps_colours_in_order() -> None:
    pixels = np.zeros((32, 32, 3), dtype=np.uint8)
    pixels[..., 0], pixels[..., 2] = 200, 40
    back = decode_jpeg(encode_jpeg(pixels, 95))
    assert np.abs(back.astype(int) - pixels).max() <= 4


def test_spread_stays_within_its_limits_and_keeps_its_mean() -> None:
    values = Spread(5.0, 2.0, 3.0, 7.0).draw(np.random.default_rng(0), 20_000)
    assert values.min() >= 3.0
    assert values.max() <= 7.0
    assert values.mean() == pytest.approx(5.0, abs=0.03)
    assert set(fixed(4.0).draw(np.random.default_rng(0), 5)) == {4.0}


def test_bad_settings_are_refused() -> None:
    with pytest.raises(SettingsError):
        Spread(1.0, 0.1, 2.0, 3.0)
    for seed, index in ((-1, 0), (0, -1), (True, 0)):
        with pytest.raises(SettingsError):
            stream("nosema", seed, index, "spores")
