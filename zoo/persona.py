"""What a recipe gives: pictures, a report, a profile, a label."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from zoo import label as labels
from zoo.label import Label
from zoo.language import say
from zoo.model import Calibration
from zoo.profile import Profile
from zoo.recipe import Recipe

Picture = Image.Image

Comparison = Literal["compared", "other size", "other picture"]
"""What became of an original: a picture is compared with none but its own, pixel by pixel."""
Verdict = Literal["clean", "anomalous", "suspect"]
"""Nothing is wrong; something is, of the kinds in `Report.anomalies`; something is, of none of the kinds."""


@dataclass(frozen=True)
class Likeness:
    """How near a picture is to its original: `psnr` in dB, 100 where they are equal; `ssim` up to 1, None under 11 px;
    `delta_e`, the mean CIEDE2000 difference of colour, from 0."""

    psnr: float
    ssim: float | None
    delta_e: float


@dataclass(frozen=True)
class Original:
    """The original of a picture, as far as it was of use: how near the picture is to it, and the mended one."""

    comparison: Comparison
    before: Likeness | None = None
    after: Likeness | None = None


@dataclass(frozen=True)
class Report:
    """What `detector` found, for `model` to mend: often one and the same.

    `scores` by kind and `overall` are in 0..1 and anomalies from `threshold` on; `map` and `maps`, by kind, are grey
    pictures of where (white is 1); `seconds` is how long the models were at work.
    """

    model: str
    detector: str
    scores: Mapping[str, float]
    overall: float
    threshold: float
    map: Picture
    maps: Mapping[str, Picture] = field(default_factory=dict)
    seconds: float = 0.0
    calibration: Calibration | None = None
    original: Original | None = None

    @property
    def anomalies(self) -> tuple[str, ...]:
        """The kinds found, worst first; none in a picture that is fine over all."""
        if self.overall < self.threshold:
            return ()
        found = [kind for kind, score in self.scores.items() if score >= self.threshold]
        return tuple(sorted(found, key=lambda kind: -self.scores[kind]))

    @property
    def verdict(self) -> Verdict:
        """What it amounts to."""
        if self.overall < self.threshold:
            return "clean"
        return "anomalous" if self.anomalies else "suspect"

    @property
    def false_positives(self) -> float | None:
        """The share of clean pictures that is suspected at this threshold, where the detector knows."""
        return self.calibration.false_positives(self.threshold) if self.calibration else None

    def at(self, threshold: float) -> Report:
        """The same findings, judged by another threshold."""
        return dataclasses.replace(self, threshold=threshold)

    @property
    def facts(self) -> dict[str, Any]:
        """All but the pictures, as plain data."""
        calibration = None
        if self.calibration:
            calibration = {"on": self.calibration.on, "false_positives": round(self.false_positives or 0.0, 4)}
        return {
            "model": self.model,
            "detector": self.detector,
            "verdict": self.verdict,
            "anomalies": list(self.anomalies),
            "overall": round(self.overall, 4),
            "scores": {kind: round(score, 4) for kind, score in self.scores.items()},
            "threshold": self.threshold,
            "calibration": calibration,
            "original": dataclasses.asdict(self.original) if self.original else None,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True)
class Persona:
    """A persona: `pictures` are the source's and then the one after each step, RGB; `incoming` is the label that an
    uploaded source brought along."""

    recipe: Recipe
    pictures: tuple[Picture, ...]
    label: Label
    incoming: Label | None = None
    report: Report | None = None
    profile: Profile | None = None

    @property
    def picture(self) -> Picture:
        """The portrait as it is in the end."""
        return self.pictures[-1]

    def save(self, folder: Path, suffix: str = ".png") -> tuple[Path, ...]:
        """Writes `avatar` (labelled), `recipe.json` and, with a profile, `profile.json` and `profile.txt`."""
        folder.mkdir(parents=True, exist_ok=True)
        avatar = labels.write(self.picture, self.label, folder / f"avatar{suffix}")
        recipe = folder / "recipe.json"
        recipe.write_text(self.recipe.canonical + "\n", "utf-8")
        return avatar, recipe, *self._save_profile(folder)

    def _save_profile(self, folder: Path) -> tuple[Path, ...]:
        if self.profile is None:
            return ()
        data, text = folder / "profile.json", folder / "profile.txt"
        synthetic = say("A fictional persona, generated by AI.", self.profile.language)
        fields = self.profile.model_dump(mode="json") | {"disclosure": synthetic}
        data.write_text(json.dumps(fields, ensure_ascii=False, indent=2) + "\n", "utf-8")
        text.write_text(as_text(self.profile) + f"\n{synthetic}\n", "utf-8")
        return data, text


def as_text(profile: Profile) -> str:
    """A profile as plain lines, for reading and pasting."""
    lines = [profile.nickname, profile.handle, "", profile.tagline, profile.bio, "", " · ".join(profile.interests)]
    for post in profile.posts:
        lines += ["", post.text, *(f"  – {comment}" for comment in post.comments)]
    return "\n".join(lines) + "\n"
