"""The endpoints for programs and agents, as each kind of client sees them."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import anyio
import numpy as np
import pytest
from gradio_client import Client, handle_file
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client
from PIL import Image

from zoo import label
from zoo.recipe import decode

ENDPOINTS = {
    "/generate_persona": ["model", "seed", "params", "language"],
    "/stylize_portrait": ["image", "style", "params", "reference"],
    "/detect_anomalies": ["image", "corrector", "params", "original"],
    "/fix_anomalies": ["image", "corrector", "params", "original", "detector"],
    "/write_profile": ["writer", "seed", "language", "image"],
    "/list_models": [],
}
"""What others' programs are written against. A change here breaks them."""


@pytest.fixture(scope="module")
def client(site):
    return Client(site.url, headers=site.address, verbose=False)


@pytest.fixture(scope="module")
def ids(zoo):
    """The first model of each kind; of the stylizers, one that needs no reference."""
    plain = [entry for entry in zoo.models.values() if not getattr(entry.cls, "takes_reference", False)]
    return {kind: next(entry.id for entry in plain if entry.kind == kind) for kind in KINDS}


KINDS = ("generator", "stylizer", "corrector", "writer")


@pytest.fixture(scope="module")
def portrait(client, ids):
    """The path of a portrait that was generated here."""
    path, _ = client.predict(model=ids["generator"], seed=7, api_name="/generate_persona")
    return path


def pixels(path):
    return np.asarray(Image.open(path).convert("RGB"), np.int16)


def labelled(path):
    return label.read(Path(path).read_bytes())


def test_the_endpoints_and_their_parameters_are_these_and_no_others(site):
    with site.client() as web:
        info = web.get("/gradio_api/info").json()

    named = info["named_endpoints"]
    assert {name: [one["parameter_name"] for one in named[name]["parameters"]] for name in named} == ENDPOINTS
    assert info["unnamed_endpoints"] == {}


def test_generate_persona_gives_a_labelled_portrait_and_all_there_is_to_know(client, ids):
    path, facts = client.predict(model=ids["generator"], seed=7, language="zh", api_name="/generate_persona")

    recipe = decode(facts["code"])
    assert recipe.model_dump(mode="json") == facts["recipe"]
    assert recipe.id == facts["id"]
    assert (recipe.source.model, recipe.source.seed) == (ids["generator"], 7)
    assert facts["profile"]["language"] == "zh"
    assert labelled(path).recipe == facts["code"]
    assert labelled(path).source_type == label.GENERATED


def test_the_same_arguments_give_the_same_persona(client, ids, portrait):
    path, _ = client.predict(model=ids["generator"], seed=7, api_name="/generate_persona")

    assert np.abs(pixels(path) - pixels(portrait)).max() <= 2


def test_stylize_portrait_restyles_and_keeps_the_label(client, ids, portrait):
    path, facts = client.predict(handle_file(portrait), ids["stylizer"], api_name="/stylize_portrait")

    assert facts["recipe"]["steps"][0]["model"] == ids["stylizer"]
    assert np.abs(pixels(path) - pixels(portrait)).max() > 2
    assert labelled(path).aigc.produce_id == labelled(portrait).aigc.produce_id
    assert labelled(path).aigc.propagate_id == facts["id"]


def test_stylize_portrait_takes_settings_and_a_reference(client, zoo, portrait):
    style = [one for one in zoo.of_kind("stylizer") if one.cls.takes_reference][-1]
    arguments = {"image": handle_file(portrait), "style": style.id, "reference": handle_file(portrait)}

    _, facts = client.predict(**arguments, params={"strength": 0.5}, api_name="/stylize_portrait")

    (step,) = facts["recipe"]["steps"]
    assert step["params"] == {"strength": 0.5}
    assert step["reference"] == facts["recipe"]["source"]["picture"]


def test_detect_and_fix_score_every_kind_that_the_corrector_knows(client, zoo, ids, portrait):
    kinds = set(zoo.entry(ids["corrector"]).cls.kinds)
    heat, found = client.predict(handle_file(portrait), ids["corrector"], api_name="/detect_anomalies")
    mended, fixed = client.predict(handle_file(portrait), ids["corrector"], api_name="/fix_anomalies")

    assert set(found["scores"]) == set(fixed["scores"]) == kinds
    assert all(0 <= score <= 1 for score in found["scores"].values())
    assert pixels(heat).shape == pixels(mended).shape == pixels(portrait).shape
    assert labelled(mended).recipe == fixed["code"]


def test_detect_and_fix_compare_with_an_original_and_tell_all_they_know(client, ids, portrait):
    arguments = {"image": handle_file(portrait), "corrector": ids["corrector"], "original": handle_file(portrait)}
    _, found = client.predict(**arguments, api_name="/detect_anomalies")
    _, fixed = client.predict(**arguments, detector=ids["corrector"], api_name="/fix_anomalies")

    assert found["original"]["comparison"] == fixed["original"]["comparison"] == "compared"
    assert found["original"]["before"]["psnr"] == 100
    assert fixed["detector"] == fixed["recipe"]["steps"][0]["detector"] == ids["corrector"]
    assert {"verdict", "overall", "threshold", "calibration", "seconds"} <= set(found)


def test_write_profile_writes_with_and_without_a_portrait(client, ids, portrait):
    alone = client.predict(ids["writer"], 3, "en", api_name="/write_profile")
    about = client.predict(ids["writer"], 3, "en", handle_file(portrait), api_name="/write_profile")

    assert alone["nickname"]
    assert len(about["posts"]) == 3


def test_list_models_names_every_model_with_its_licence_and_settings(client, zoo):
    listed = client.predict(api_name="/list_models")

    assert [one["id"] for one in listed["models"]] == list(zoo.models)
    for one in listed["models"]:
        entry = zoo.entry(one["id"])
        assert (one["kind"], one["license"]) == (entry.kind, entry.cls.card.license)
        assert [param["name"] for param in one["params"]] == list(entry.cls.Params.model_fields)


def test_an_error_is_a_sentence_and_the_next_call_works(client, ids):
    with pytest.raises(Exception, match="There is no model “nothing/here” in this zoo"):
        client.predict(model="nothing/here", api_name="/generate_persona")

    assert client.predict(ids["writer"], api_name="/write_profile")


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("/gradio_api/call/generate_persona", lambda model: {"data": [model, 7, {}, "en"]}),
        ("/gradio_api/call/v2/generate_persona", lambda model: {"model": model, "seed": 7}),
    ],
)
def test_plain_http_is_enough(site, ids, portrait, address, body):
    with site.client() as web:
        event = web.post(address, json=body(ids["generator"])).json()["event_id"]
        answer = web.get(f"/gradio_api/call/generate_persona/{event}").text
        head, data = answer.strip().rpartition("event: complete\ndata: ")[1:]
        picture, facts = json.loads(data)
        file = web.get(urlsplit(picture["url"]).path).content

    assert head
    assert label.read(file).recipe == facts["code"]
    assert np.abs(pixels(BytesIO(file)) - pixels(portrait)).max() <= 2


def agent(site, work):
    """What `work(session)` gives an MCP client."""

    async def run():
        url = f"{site.url}/gradio_api/mcp/"
        async with (
            streamablehttp_client(url, headers=site.address) as (reading, writing, _),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            return await work(session)

    return anyio.run(run)


def data_url(path):
    return "data:image/png;base64," + base64.b64encode(Path(path).read_bytes()).decode()


def test_an_agent_finds_these_tools_described_with_every_parameter(site):
    tools = agent(site, lambda session: session.list_tools()).tools

    assert {f"/{tool.name}": list(tool.inputSchema["properties"]) for tool in tools} == ENDPOINTS
    assert all(tool.description for tool in tools)
    assert all(one.get("description") for tool in tools for one in tool.inputSchema["properties"].values())


def test_an_agent_gets_a_picture_that_carries_its_label(site, ids):
    arguments = {"model": ids["generator"], "seed": 7}

    answer = agent(site, lambda session: session.call_tool("generate_persona", arguments))

    assert not answer.isError
    (image,) = (one for one in answer.content if one.type == "image")
    assert label.read(base64.b64decode(image.data)).source_type == label.GENERATED
    assert json.loads(answer.content[-1].text)["recipe"]["source"]["seed"] == 7


def test_an_agent_sends_a_picture_as_a_data_url(site, ids, portrait):
    arguments = {"image": data_url(portrait), "corrector": ids["corrector"]}

    answer = agent(site, lambda session: session.call_tool("detect_anomalies", arguments))

    assert not answer.isError
    assert "scores" in json.loads(answer.content[-1].text)


def test_an_agents_mistake_is_told_in_a_sentence(site, ids):
    answer = agent(site, lambda session: session.call_tool("generate_persona", {"model": "no/such", "seed": 1}))

    assert answer.isError
    assert "'no/such' is not one of" in answer.content[0].text
