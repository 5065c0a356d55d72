"""The Hugging Face Hub: what the client library does, with errors that say what to do.

Nothing here is imported before it is needed: most models bring their weights along.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.errors import WeightsError

if TYPE_CHECKING:
    from zoo.weights import WeightsRef


def cached(ref: WeightsRef) -> Path | None:
    """The file in the Hugging Face cache, by its documented layout, where it is there."""
    from huggingface_hub import constants

    repo = "models--" + ref.repo_id.replace("/", "--")
    path = Path(constants.HF_HUB_CACHE) / repo / "snapshots" / (ref.revision or "") / ref.filename
    return path if path.is_file() else None


def download(ref: WeightsRef, again: bool = False) -> Path:
    """The file, from the Hub into the cache; a broken transfer goes on where it stopped. `again`: even if it is there.

    Raises `WeightsError`. Time limits are the client's: HF_HUB_ETAG_TIMEOUT and HF_HUB_DOWNLOAD_TIMEOUT, in seconds.
    """
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_download, hf_hub_url

    if constants.HF_HUB_OFFLINE:
        raise WeightsError(
            "The weights of {repo} are not downloaded yet, and HF_HUB_OFFLINE is set. Run `zoo pull` while online.",
            repo=ref.repo_id,
        )
    with explained(ref.repo_id):
        # Asked once, so that a Hub that does not answer costs seconds: hf_hub_download would try for minutes.
        url = hf_hub_url(ref.repo_id, ref.filename, revision=ref.revision)
        get_hf_file_metadata(url, timeout=constants.HF_HUB_ETAG_TIMEOUT)
        return Path(hf_hub_download(ref.repo_id, ref.filename, revision=ref.revision, force_download=again))


@contextmanager
def explained(repo: str) -> Iterator[None]:
    """Whatever the Hub's client raises in here about `repo` becomes a `WeightsError` that names the fix."""
    from huggingface_hub import errors
    from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined]  # httpx's in 1.x, httpx2's in 2.x

    try:
        yield
    except errors.GatedRepoError as error:
        raise WeightsError(
            "{repo} is gated. Accept its terms on https://huggingface.co/{repo}, then set HF_TOKEN.", repo=repo
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise WeightsError(
            "The Hub has no {repo}, or it is private. Check the name; for a private one set HF_TOKEN.", repo=repo
        ) from error
    except (errors.RevisionNotFoundError, errors.RemoteEntryNotFoundError) as error:
        raise WeightsError(
            "{repo} no longer has the pinned file or commit. Update the plugin, or set HF_ENDPOINT to a mirror that "
            "keeps it.",
            repo=repo,
        ) from error
    except errors.HfHubHTTPError as error:
        raise WeightsError(
            "The Hub refused {repo} (HTTP {status}). Try again in a few minutes; if it stays, check HF_TOKEN and "
            "HF_ENDPOINT.",
            repo=repo,
            status=error.response.status_code,
        ) from error
    except (HTTPError, errors.LocalEntryNotFoundError, errors.FileMetadataError, errors.XetDownloadError) as error:
        raise WeightsError(
            "The Hub did not answer about {repo} ({why}). Check the network and try again, or see docs/hosting.md for "
            "mirrors and work without a network.",
            repo=repo,
            why=type(error).__name__,
        ) from error
    except OSError as error:
        raise WeightsError(
            "{repo} could not be stored: {why}. Free some space, or set HF_HOME to a folder that can be written.",
            repo=repo,
            why=error.strerror or error,
        ) from error
    except (ValueError, RuntimeError) as error:
        raise WeightsError(
            "The Hub and its client disagree about {repo}: {why}. Put it right and try again.",
            repo=repo,
            why=str(error).strip(),
        ) from error
