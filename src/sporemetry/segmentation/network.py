"""A packaged network as a segmenter: probability, mask, labels, and how sure it is of each spore."""

from __future__ import annotations

import functools
import importlib.resources
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import ModelCardError, ModelFormatError, SettingsError
from sporemetry.instances import (
    LabelArray,
    ShapeLimits,
    fill_relief,
    filter_shapes,
    is_relief,
    keep_labels,
    widen,
)
from sporemetry.model import ModelPackage, read_model
from sporemetry.model.card import Option
from sporemetry.model.judge import Objects, bound_of, judge_objects, observe
from sporemetry.model.likeness import brightness
from sporemetry.model.normalization import grey_levels
from sporemetry.segmentation.decoders import OUTLINE, RELIEF, Decoder, DecoderInput, decoder_with, sigmoid
from sporemetry.segmentation.estimate import estimated_scale, is_unlike_others
from sporemetry.segmentation.example import OPTION, Example, ExamplePoint
from sporemetry.segmentation.model_settings import ModelSettings
from sporemetry.segmentation.multiscale import Multiscale
from sporemetry.segmentation.pointing import measure_example
from sporemetry.segmentation.scale import Scale, stated_scale
from sporemetry.segmentation.seam import (
    Detections,
    MaskArray,
    Pixels,
    Segmentation,
    SegmentationSettings,
    check_picture,
)
from sporemetry.segmentation.sharing import are_unlike

CENTRE = "centre"
"""The channel of middles of spores."""
MODEL = "model"
"""The name of this method."""
_REVISION = 7
SMALLEST = 9
"""Pixels of the smallest thing that can be a spore."""
_SURE = 0.8  # the score from which objects count as sure where the card has no bound of its own
# Of the square of the spore length: half as long as others and six times as long as wide; and what is no
# single spore any more, such as a grid line or an air bubble.
_LEAST_AREA, _LARGEST_AREA = 0.04, 4.0
_WIDEST = 0.1  # of the spore length: so far an outline is set out
_UNLIKE = (
    "Objects look alike, but not like the spores that the network was trained on: those with a score of "
    "{:g} and more were kept"
)
_IN_RELIEF = "Spores lie in relief, lit from one side: outlines were set out to where the picture is flat"


@dataclass(frozen=True)
class ModelSegmenter:
    """A packaged network that finds spores.

    Attributes
    ----------
    package : ModelPackage
    decoder : Decoder
        How labels are made.
    options : mapping
        Of the decoder, complete.
    settings : SegmentationSettings
        Sizes and shapes; what is None there is the network's to judge, but for areas far from a spore's.
    model : ModelSettings
    """

    package: ModelPackage
    decoder: Decoder
    options: dict[str, Option]
    settings: SegmentationSettings
    model: ModelSettings

    @property
    def name(self) -> str:
        """As on the command line."""
        return MODEL

    @property
    def title(self) -> str:
        """As in a report's heading."""
        return f"Network {self.package.card.name}, version {self.package.card.version}"

    @property
    def description(self) -> str:
        """A few plain sentences on how spores are found."""
        card, turns = self.package.card, self.model.turns
        shown = "" if turns == 1 else f", shown each picture mirrored and turned in {turns} ways,"
        text = (
            f"A convolutional network{shown} gives each pixel a probability of being spore, and those of "
            f"{card.threshold:g} and more are spores. Touching ones are parted by {self.decoder.title}."
        )
        if self.model.example is not None:
            text += f" Length and look of spores are those of one that was pointed at: {self.model.example}."
        return text

    @property
    def source(self) -> str:
        """What it was trained on, and the hash of its file."""
        card = self.package.card
        sets = "; ".join(f"{each.name} ({each.authors}; {each.licence})" for each in card.training_data)
        return f"Trained on {sets or 'pictures that its card does not name'}. SHA-256 {card.sha256}"

    def identity(self) -> str:
        """Return name, revision, the network's hash and all settings as one line."""
        model = self.model
        running: tuple[object, ...] = (
            model.device, model.precision, model.spore_length_px, model.spore_length_um,
        )  # fmt: skip
        if model.turns != 1:  # as before there were turns: what was counted then is not counted again
            running += (model.turns,)
        if self._example is not None:
            running += self._example.identity()
        return f"{MODEL} {_REVISION} {self.package.card.sha256} {running!r} {self.settings!r}"

    def estimates(self, um_per_px: float | None) -> bool:
        """Tell whether the length of spores must be estimated: it is not stated, nor follows from scales."""
        model = self.model
        if any(each is not None for each in (model.spore_length_px, model.spore_length_um, model.example)):
            return False
        return um_per_px is None or self.package.card.um_per_px is None

    def estimate(
        self, pixels: Pixels, field_mask: MaskArray, *, um_per_px: float | None = None
    ) -> Scale | None:
        """Estimate the scale of an image from the image alone.

        Parameters
        ----------
        pixels : (H, W, 3) uint8 or uint16 array
        field_mask : (H, W) bool array
            Where the image can be counted. Nowhere: nothing is found.
        um_per_px : float, optional
            The image's scale.

        Returns
        -------
        Scale or None
            Its ``spore_length_px`` is None where nothing was found to estimate it by. None where the length
            is stated or follows from scales that are known: then there is nothing to estimate.

        Raises
        ------
        SettingsError
            When the arrays have other shapes or types, or a device or precision is not here.
        ModelGraphError
            When the network cannot be run.
        """
        check_picture(pixels, field_mask)
        if self._stated(um_per_px) is not None:
            return None
        image = self._multiscale(pixels, field_mask)
        scale = estimated_scale(self.package.card, image)
        return replace(scale, look=image.whole_look(scale.factor))

    def measure_example(
        self, pixels: Pixels, field_mask: MaskArray, point: ExamplePoint, *, um_per_px: float | None = None
    ) -> Example:
        """Measure the spore at a point, for :class:`ModelSettings`.

        Parameters
        ----------
        pixels : (H, W, 3) uint8 or uint16 array
        field_mask : (H, W) bool array
            Where the image can be counted.
        point : ExamplePoint
            On a spore; its image is named in notes.
        um_per_px : float, optional
            The image's scale.

        Raises
        ------
        SettingsError
            When the point lies outside the image or its field, or at no scale a spore is found there; when
            the arrays have other shapes or types, or a device or precision is not here.
        ModelGraphError
            When the network cannot be run.
        """
        check_picture(pixels, field_mask)
        height, width = field_mask.shape
        if not (0 <= point.x < width and 0 <= point.y < height):
            raise SettingsError(
                OPTION,
                expected=f"a point inside the image, which is {width:,} px wide and {height:,} px high",
                found=str(point),
            )
        if not field_mask[int(point.y), int(point.x)]:
            raise SettingsError(
                OPTION,
                expected="a point inside the field that is counted",
                found=f"{point}, which is outside",
                remedy="Point at a spore inside, or count all of the image with --field whole.",
            )
        plain = replace(self, model=replace(self.model, example=None))
        image = plain._multiscale(pixels, field_mask)
        return measure_example(self.package.card, image, point, um_per_px=um_per_px)

    def __call__(
        self,
        pixels: Pixels,
        field_mask: MaskArray,
        *,
        um_per_px: float | None = None,
        shared: Scale | None = None,
    ) -> Segmentation:
        """Find the pixels of spores.

        Parameters
        ----------
        pixels : (H, W, 3) uint8 or uint16 array
        field_mask : (H, W) bool array
            Where the picture can be counted. Nowhere: nothing is looked at.
        um_per_px : float, optional
            The picture's scale.
        shared : Scale, optional
            The scale that images beside this one share. It is taken where none is stated, unless the spores
            found at it are clearly longer or shorter. Without it the image estimates its own.

        Raises
        ------
        SettingsError
            When the arrays have other shapes or types, or a device or precision is not here.
        ModelGraphError
            When the network cannot be run.
        """
        check_picture(pixels, field_mask)
        image = self._multiscale(pixels, field_mask)
        if shared is not None and shared.look is not None:
            image.take_look(shared.factor, shared.look)
        stated = self._stated(um_per_px)
        scale = stated or self._fitting(image, shared) or estimated_scale(self.package.card, image)
        notes = [note for note in (grey_levels(pixels).note, scale.note) if note]
        found = self._segmentation(
            image.logits(scale.factor), brightness(pixels), field_mask, scale.spore_length_px
        )
        return replace(
            found,
            notes=tuple(notes) if field_mask.any() else (),
            has_own_scale=stated is None and shared is not None and scale is not shared,
        )

    def detect(self, segmentation: Segmentation) -> Detections:
        """Part touching spores and keep what is one by size, by shape and by the object classifier.

        The classifier looks once, at all objects of the right size and shape. What it compares an object with
        are the others, so that asked again about those that it kept it would give other scores.
        """
        labels = self._of_the_right_shape(segmentation)
        if segmentation.probability is None:
            return Detections(labels)
        objects = self.observed(segmentation, labels)
        scores = self._scores(objects)
        judge = self.package.card.judge
        if not judge.least or not labels.any():
            return Detections(labels, scores)
        least = bound_of(scores, objects.alike, judge)
        notes = () if least == judge.least else (_UNLIKE.format(least),)
        # A card with such a bound has a classifier, whose score is not calibrated once more: see decode_card.
        keep = scores >= least
        return Detections(keep_labels(labels, np.concatenate([[False], keep])), scores[keep], notes)

    def _of_the_right_shape(self, segmentation: Segmentation) -> LabelArray:
        lengths, known = self.package.card.spore_length_px, segmentation.spore_length_px
        limits = self._limits(known or lengths.least, known or lengths.most)
        given = DecoderInput(
            segmentation.mask, segmentation.outputs, known or lengths.median, limits.min_area
        )
        labels = self.decoder.decode(given, self.options)
        if segmentation.beside is not None and segmentation.probability is not None:
            most = max(1, round(_WIDEST * given.spore_length_px))
            labels = widen(labels, segmentation.probability, segmentation.beside, most=most)
        labels = filter_shapes(labels, limits)
        probability, grey, inside = segmentation.probability, segmentation.grey, segmentation.field
        if probability is not None and grey is not None and inside is not None:
            filled = self.filled(labels, probability, grey, inside, given.spore_length_px)
            labels = labels if filled is labels else filter_shapes(filled, limits)
        return labels

    def filled(
        self,
        labels: LabelArray,
        probability: NDArray[np.float32],
        grey: NDArray[np.float32],
        inside: MaskArray,
        spore_length_px: float,
    ) -> LabelArray:
        """Set outlines in relief out, unless the card says that they are left."""
        if not self.options[RELIEF]:
            return labels
        return fill_relief(labels, probability, grey, inside, spore_length_px)

    def remarks(self, segmentation: Segmentation, labels: LabelArray) -> tuple[str, ...]:
        """Return that outlines were set out in relief, where they were."""
        length = segmentation.spore_length_px or self.package.card.spore_length_px.median
        beyond = (labels > 0) & ~_found(segmentation)
        if segmentation.grey is None or not beyond.any() or not is_relief(labels, segmentation.grey, length):
            return ()
        return (_IN_RELIEF,)

    def _scores(self, objects: Objects) -> NDArray[np.float64]:
        """Return the classifier's score of each object; without one the mean probability, calibrated."""
        card = self.package.card
        sure = judge_objects(objects, card.judge)
        if card.judge.weights or not card.score_calibration:
            return sure
        found, true = zip(*card.score_calibration, strict=True)
        return np.asarray(np.interp(sure, found, true), dtype=np.float64)

    def observed(self, segmentation: Segmentation, labels: LabelArray) -> Objects:
        """Return what the judge looks at of each label."""
        probability, centre = segmentation.probability, segmentation.outputs.get(CENTRE)
        if probability is None:
            raise ValueError("a network's segmentation has probabilities")
        length = segmentation.spore_length_px or self.package.card.spore_length_px.median
        middle = None if centre is None else sigmoid(centre)
        example = None if self._example is None else self._example.patch
        grey, found = segmentation.grey, _found(segmentation)
        return observe(labels, probability, middle, length, grey, found, example=example)

    @property
    def _example(self) -> Example | None:
        example = self.model.example
        if isinstance(example, str):
            raise SettingsError(
                OPTION,
                expected="an example that is measured, where images are in memory",
                found=repr(example),
                remedy="Measure it with ModelSegmenter.measure_example.",
            )
        return example

    def _stated(self, um_per_px: float | None) -> Scale | None:
        return stated_scale(
            self.package.card,
            um_per_px=um_per_px,
            spore_length_px=self.model.spore_length_px,
            spore_length_um=self.model.spore_length_um,
            example=self._example,
        )

    def _fitting(self, image: Multiscale, shared: Scale | None) -> Scale | None:
        """Return the scale that is shared, where there is one; the image's own where it is unlike that."""
        if shared is None or shared.spore_length_px is None:
            return shared
        if not is_unlike_others(image, shared.factor, shared.spore_length_px):
            return shared
        own = estimated_scale(self.package.card, image)
        if own.spore_length_px is None or not are_unlike(own.spore_length_px, shared.spore_length_px):
            return shared
        beside = f"; images of its size and scale have spores of {shared.spore_length_px:.0f} px"
        return replace(own, note=own.note + beside)

    def _segmentation(
        self,
        logits: NDArray[np.float32],
        grey: NDArray[np.float32],
        field: MaskArray,
        spore_length_px: float | None,
    ) -> Segmentation:
        probability = sigmoid(logits[0])
        threshold, outline = self.package.card.threshold, float(self.options[OUTLINE])
        return Segmentation(
            mask=(probability >= threshold) & field,
            probability=probability,
            outputs=dict(zip(self.package.card.channels, logits, strict=True)),
            spore_length_px=spore_length_px,
            grey=grey,
            beside=(probability >= outline) & field if outline < threshold else None,
            field=field,
        )

    def _multiscale(self, pixels: Pixels, field_mask: MaskArray) -> Multiscale:
        """Return an image to look at; sizes that a user set are not those of its scales."""
        at_any = replace(self, settings=SegmentationSettings())
        return Multiscale(self.package, self.model, pixels, field_mask, at_any.detect_sure)

    def detect_sure(
        self,
        logits: NDArray[np.float32],
        grey: NDArray[np.float32],
        field: MaskArray,
        spore_length_px: float | None,
    ) -> Detections:
        """Find the objects of which the network is sure in logits (K, h, w) at any scale.

        Where the card has no classifier with a bound, those are objects with a score of 0.8 and more.
        """
        found = self.detect(self._segmentation(logits, grey, field, spore_length_px))
        if self.package.card.judge.least or found.scores is None:
            return found
        keep = found.scores >= _SURE
        return Detections(keep_labels(found.labels, np.concatenate([[False], keep])), found.scores[keep])

    def _limits(self, shortest: float, longest: float) -> ShapeLimits:
        given = self.settings
        least = (
            max(SMALLEST, round(_LEAST_AREA * shortest**2))
            if given.min_area_px is None
            else given.min_area_px
        )
        most = (
            max(least, round(_LARGEST_AREA * longest**2)) if given.max_area_px is None else given.max_area_px
        )
        return ShapeLimits(
            min_area=least,
            max_area=most,
            max_aspect=np.inf if given.max_aspect is None else given.max_aspect,
            min_solidity=0.0 if given.min_solidity is None else given.min_solidity,
        )


def _found(segmentation: Segmentation) -> MaskArray:
    """Return the pixels that the network itself takes for spore."""
    beside = segmentation.beside
    return segmentation.mask if beside is None else segmentation.mask | beside


def model_segmenter(settings: SegmentationSettings, model: ModelSettings) -> ModelSegmenter:
    """Return the network that the settings name, ready to be called.

    Raises
    ------
    ModelError
        When its file cannot be used.
    """
    path = default_model() if model.model_file is None else Path(model.model_file)
    package = _read(path)
    card = package.card
    try:
        decoder, options = decoder_with(card.instances.decoder, card.instances.options, card.channels)
    except SettingsError as error:
        raise ModelCardError(
            path,
            expected=f"{error.name} as {error.expected}",
            found=error.found,
            remedy="Use the version of Sporemetry that made it, or package it anew.",
        ) from None
    return ModelSegmenter(package, decoder, options, settings, model)


def default_model() -> Path:
    """Return the packaged network that ships with Sporemetry.

    Raises
    ------
    ModelFormatError
        When this version ships none.
    """
    path = Path(str(importlib.resources.files("sporemetry"))) / "models" / "default.onnx"
    if not path.is_file():
        raise ModelFormatError(
            path,
            expected="a packaged network",
            found="none: this version ships without one",
            remedy="Name one with --model FILE (`sporemetry export` makes it), or take another --method.",
        )
    return path


def _read(path: Path) -> ModelPackage:
    """Read a package once as long as the file stays as it is: a job asks for it with every picture."""
    try:
        state = path.stat()
    except OSError:
        return read_model(path)  # which says what is wrong
    return _read_as(path, state.st_mtime_ns, state.st_size)


@functools.lru_cache(maxsize=4)
def _read_as(path: Path, changed: int, size: int) -> ModelPackage:
    del changed, size
    return read_model(path)
