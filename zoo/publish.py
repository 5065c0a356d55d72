"""Weights to the Hub, as one commit that can be pinned, and back."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from zoo import hub, weights
from zoo.convert import prove
from zoo.errors import WeightsError
from zoo.weights import WeightsRef

if TYPE_CHECKING:
    from zoo.registry import Entry

FILES = ("README.md", "metrics.json", "model.safetensors")
"""What a repo of weights holds."""

TASKS = {
    "generator": "unconditional-image-generation",
    "stylizer": "image-to-image",
    "corrector": "image-to-image",
    "writer": "text-generation",
}
"""The Hub's pipeline tag for each kind of model."""

HUB_LICENSES = (
    "apache-2.0",
    "bsd-2-clause",
    "bsd-3-clause",
    "cc-by-4.0",
    "cc-by-nc-4.0",
    "cc-by-nc-sa-4.0",
    "cc-by-sa-4.0",
    "cc0-1.0",
    "mit",
)
"""SPDX identifiers, in lower case, that the Hub knows by the same name. Any other goes as “other”, named and linked."""

CARD = """---
license: {license}
library_name: persona-zoo
pipeline_tag: {task}
tags:
- persona-zoo
- {kind}
- {plugin}
---

# {title}

{about}

This is the model `{id}` of Persona Zoo. Its weights are one safetensors file of float32 tensors, pinned by commit and
sha256 in the plugin's class:

```
zoo pull {id}
```

- Licence: {spdx}
- Source: {source}

## Credits

{credits}
"""


def layout(entry: Entry, file: Path, folder: Path) -> WeightsRef:
    """Lay `folder` out as the Hub repo of a model: its weights `file`, the metrics beside that, and a model card.

    A card that is there already is kept. Returns the pin for bundled weights. Raises `WeightsError` where the weights
    are not the model's.
    """
    ref = _proven(entry, file)
    folder.mkdir(parents=True, exist_ok=True)
    for source in (file, file.with_name("metrics.json")):
        target = folder / ("metrics.json" if source.suffix == ".json" else ref.filename)
        if source.is_file() and source.resolve() != target.resolve():
            shutil.copyfile(source, target)
    card = folder / "README.md"
    if not card.exists():
        card.write_text(_card(entry), "utf-8")
    return ref


def publish(entry: Entry, folder: Path, repo_id: str, private: bool = False) -> WeightsRef:
    """Upload the weights, metrics and card in `folder` to `repo_id` on the Hub as one commit, and return the pin.

    `repr` of the pin is the line to paste into the model's class. A card that is not there is written. Nothing is sent
    unless the card names a licence and the model loads the weights as the zoo would. Needs a token that may write
    (HF_TOKEN, or `hf auth login`). Raises `WeightsError`.
    """
    from huggingface_hub import CommitOperationAdd, HfApi, get_token

    ref = layout(entry, folder / "model.safetensors", folder)
    _check_card(folder / "README.md")
    token = get_token()
    if token is None:
        raise WeightsError("Publishing needs a token of the Hub that may write. Set HF_TOKEN, or run `hf auth login`.")
    files = [CommitOperationAdd(name, folder / name) for name in FILES if (folder / name).is_file()]
    with hub.explained(repo_id):
        api = HfApi(token=token)
        api.create_repo(repo_id, private=private, exist_ok=True)
        commit = api.create_commit(repo_id, files, commit_message=f"Weights of {entry.id}")
    return WeightsRef(repo_id, commit.oid, ref.sha256)


def pull(entry: Entry) -> Path:
    """The model's weights, on this disk from now on. A damaged download is replaced. Raises `WeightsError`."""
    ref = entry.cls.weights
    if ref is None:
        raise WeightsError("{id} has no weights: there is nothing to pull.", id=entry.id)
    stale = hub.cached(ref) if ref.revision and not weights.beside(ref, entry.weights_folder) else None
    if stale and weights.digest(stale) != ref.sha256:
        hub.download(ref, again=True)
    return weights.find(ref, entry.weights_folder)


def _proven(entry: Entry, file: Path) -> WeightsRef:
    """The pin for `file` as bundled weights, once the model of `entry` has loaded it."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise WeightsError("{file} cannot be read: {why}.", file=file, why=error.strerror) from error
    prove(entry, data, file)
    return WeightsRef(f"persona-zoo/{entry.plugin}-{entry.cls.name}", None, hashlib.sha256(data).hexdigest())


def _card(entry: Entry) -> str:
    """A Hub model card: what the Hub indexes, then what a reader wants to know."""
    card = entry.cls.card
    known = card.license.lower() in HUB_LICENSES
    return CARD.format(
        license=card.license.lower() if known else f"other\nlicense_name: {card.license}\nlicense_link: {card.source}",
        task=TASKS[entry.kind],
        kind=entry.kind,
        plugin=entry.plugin,
        title=card.title,
        about=entry.about,
        id=entry.id,
        spdx=card.license,
        source=card.source,
        credits="\n".join(f"- {credit}" for credit in card.credits) or "- none",
    )


def _check_card(card: Path) -> None:
    import yaml  # type: ignore[import-untyped]
    from huggingface_hub import ModelCard

    try:
        license = ModelCard(card.read_text("utf-8"), ignore_metadata_errors=True).data.get("license")
    except (ValueError, yaml.YAMLError) as error:
        raise WeightsError("The front matter of {card} is no YAML: {why}.", card=card, why=error) from error
    if not license:
        raise WeightsError("{card} names no licence. Write `license: …` in its front matter.", card=card)
