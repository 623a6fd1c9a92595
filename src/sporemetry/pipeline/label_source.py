"""What is known of a file of labels beside what is in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from sporemetry.pipeline.recorded_image import RecordedImage
from sporemetry.storage import bytes_sha256, file_sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSource:
    """Where labels come from.

    Attributes
    ----------
    recorded : RecordedImage or None
        What the count that wrote them recorded of their image; None of labels from elsewhere.
    subject : str
        What the image is called as far as the name of the labels tells, for samples; empty where the image's
        own name is known.
    edited : bool
        Whether the file is not as the count wrote it.
    rivals : tuple of Path
        Other files of the same image that could be meant as well.
    """

    recorded: RecordedImage | None = None
    subject: str = ""
    edited: bool = False
    rivals: tuple[Path, ...] = ()

    def identity(self) -> str:
        """Return a text that changes whenever what is measured could, beside the files' own content."""
        parts = [self.subject, str(self.edited), *(file_sha256(path) for path in self.rivals)]
        parts.append("" if self.recorded is None else self.recorded.identity())
        return bytes_sha256(part.encode() + b"\0" for part in parts)

    def photograph_beside(self) -> Path | None:
        """Return the photograph where it lies in the results folder, byte by byte as it was counted."""
        if self.recorded is None or not self.recorded.photograph_sha256:
            return None
        image = PurePosixPath(self.recorded.image)
        if image.is_absolute() or ".." in image.parts or "\0" in self.recorded.image:
            return None
        path = self.recorded.folder / image
        try:
            if path.is_file() and file_sha256(path) == self.recorded.photograph_sha256:
                return path
        except OSError:
            pass
        return None

    def without_field(self) -> LabelSource:
        """Return the same without the recorded field, which the user tells otherwise."""
        if self.recorded is None:
            return self
        return replace(self, recorded=replace(self.recorded, field_kind="", circle=None))
