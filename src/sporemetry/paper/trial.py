"""What is trained: a loss on a network, on a share of the pictures, for a number of steps."""

from __future__ import annotations

from dataclasses import dataclass, replace

DEEPLAB, UNET = "deeplabv3plus", "unet"
PAPER, MODERN = "paper", "modern"
_USUAL_RADIUS = ("radius", 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One setting that is trained, once a seed.

    Attributes
    ----------
    loss : str
        A key of :data:`sporemetry.training.losses.LOSSES`.
    options : tuple of (str, float)
        The loss's own, in a fixed order.
    network : str
        ``deeplabv3plus`` or ``unet``, with the paper's settings.
    recipe : str
        ``paper``, or ``modern``: today's customary recipe on the same network, with a loss of its own.
    share : float or None
        Part of the training pictures, 0 to 1; None: the scale's.
    steps : int or None
        None: the scale's.
    borders : bool
        Whether the border between touching spores is a class of its own, beside spore and background.
    """

    loss: str = ""
    options: tuple[tuple[str, float], ...] = ()
    network: str = DEEPLAB
    recipe: str = PAPER
    share: float | None = None
    steps: int | None = None
    borders: bool = False

    @property
    def name(self) -> str:
        """What its runs are called: the loss and its options, and what differs from the usual.

        >>> Trial(loss="focal_alpha", options=(("gamma", 2.0), ("alpha", 0.25)), network="unet").name
        'unet_focal_alpha_2_0.25'
        >>> Trial(loss="cfl_star", options=(("beta", 2.0), ("radius", 3)), share=0.5, steps=500).name
        'cfl_star_2_share0.5_steps500'
        """
        shown = [f"{value:g}" for name, value in self.options if (name, value) != _USUAL_RADIUS]
        parts = [self.network] if self.network != DEEPLAB else []
        parts += ["borders"] if self.borders else []
        parts += [self.recipe] if self.recipe != PAPER else [self.loss, *shown]
        parts += [f"share{self.share:.3g}"] if self.share is not None else []
        parts += [f"steps{self.steps}"] if self.steps is not None else []
        return "_".join(parts)


def run_name(trial: Trial, seed: int) -> str:
    """Return the name of a trial's run.

    >>> run_name(Trial(loss="ce"), 1)
    'ce_s1'
    """
    return f"{trial.name}_s{seed}"


def _of(loss: str, **options: float) -> Trial:
    return Trial(loss=loss, options=tuple(options.items()))


def bce(alpha: float) -> Trial:
    """Return BCE with a fixed alpha (eq. 4, 5)."""
    return _of("bce", alpha=alpha)


def focal(gamma: float) -> Trial:
    """Return FL (eq. 7)."""
    return _of("focal", gamma=gamma)


def focal_alpha(gamma: float, alpha: float) -> Trial:
    """Return FL# (eq. 8)."""
    return _of("focal_alpha", gamma=gamma, alpha=alpha)


def cfl(beta: float) -> Trial:
    """Return CFL (eq. 9, 10)."""
    return _of("cfl", beta=beta)


def cfl_star(beta: float) -> Trial:
    """Return CFL* (eq. 11, 12) with the ring of 3 px."""
    return _of("cfl_star", beta=beta, radius=3)


CE = _of("ce")
BCE_A = _of("bce_a")
DICE_CE = _of("dice_ce")
UNIFIED_FOCAL = _of("unified_focal")
BORDER_TRIALS = tuple(replace(trial, borders=True) for trial in (CE, cfl(2.0), cfl_star(2.0)))
"""The losses in their many-class form: spore, border between touching spores, background."""
MODERN_RECIPE = Trial(recipe=MODERN)
