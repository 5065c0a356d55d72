"""Bad inputs through the whole studio: over HTTP, past the guard, through the upload, into a model. Row numbers are
those of the notes on trust; what a room of the house does on its own is tested there."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from PIL import Image

from zoo import label
from zoo.recipe import Draw, Recipe, encode

TRACES = ("Traceback", "site-packages", "Error(", ".py")


@pytest.fixture
def web(site):
    """A visitor; after whatever was asked, the studio is there."""
    with site.client() as client:
        yield client
        assert client.get("/").status_code == 200


@pytest.fixture(scope="module")
def ids(zoo):
    plain = [entry for entry in zoo.models.values() if not getattr(entry.cls, "takes_reference", False)]
    return {entry.kind: entry.id for entry in reversed(plain)}


def call(web, endpoint, *arguments):
    """`(kind, answer)`: `complete` and what the endpoint gave, or `error` and its sentence."""
    asked = web.post(f"/gradio_api/call/{endpoint}", json={"data": arguments})
    assert asked.status_code == 200, asked.text
    events = web.get(f"/gradio_api/call/{endpoint}/{asked.json()['event_id']}").text.strip().split("\n\n")
    kind, data = events[-1].split("\n")
    data = json.loads(data.removeprefix("data: "))
    return kind.removeprefix("event: "), data.get("error") if isinstance(data, dict) else data


def refused(web, endpoint, *arguments):
    """The sentence that refuses this."""
    kind, sentence = call(web, endpoint, *arguments)
    assert kind == "error", sentence
    assert sentence, "nothing is said"
    assert not any(trace in sentence for trace in TRACES), sentence
    assert sentence.rstrip().endswith("."), sentence
    return sentence


def upload(web, data, name="picture.png"):
    """What a browser sends of a file that it has uploaded."""
    (path,) = web.post("/gradio_api/upload", files={"files": (name, data)}).json()
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def stylize(web, ids, data, name="picture.png"):
    kind, answer = call(web, "stylize_portrait", upload(web, data, name), ids["stylizer"], {}, None)
    assert kind == "complete", answer
    return web.get(urlsplit(answer[0]["url"]).path).content, answer[1]


def refused_picture(web, ids, data, name="picture.png"):
    return refused(web, "stylize_portrait", upload(web, data, name), ids["stylizer"], {}, None)


def picture(side=64, mode="RGB"):
    return Image.effect_noise((side, side), 60).convert(mode)


def file(image, format="PNG", **options):
    out = BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def png(*chunks, size=(64, 64)):
    """A PNG file of these chunks after its header."""
    head = (b"IHDR", struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0))
    sealed = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in (head, *chunks, (b"IEND", b""))
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(sealed)


@pytest.mark.parametrize("data", [b"", b"x", b"only words, and no picture at all"], ids=["empty", "byte", "text"])
def test_row_01_what_is_no_picture(web, ids, data):
    assert "picture" in refused_picture(web, ids, data)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_row_02_a_picture_cut_short(web, ids, format):
    data = file(picture(), format)

    assert refused_picture(web, ids, data[: len(data) // 2]).startswith("Cannot read this picture")


def test_row_03_a_header_that_claims_65500_by_65500(web, ids):
    assert "megapixels" in refused_picture(web, ids, png((b"IDAT", zlib.compress(b"")), size=(65500, 65500)))


def test_row_04_half_a_megabyte_of_zeros_that_is_13300_by_13300(web, ids):
    zeros = zlib.compressobj(9)
    rows = b"".join(zeros.compress(bytes(13300 * 3 + 1)) for _ in range(13300)) + zeros.flush()

    assert "megapixels" in refused_picture(web, ids, png((b"IDAT", rows), size=(13300, 13300)))


@pytest.mark.parametrize("chunk", [b"zTXt", b"iCCP"])
def test_row_05_text_that_inflates_to_80_mb(web, ids, chunk):
    data = zlib.compress(bytes(3 * 64 * 64 + 64), 9)
    bomb = b"name\0\0" + zlib.compress(bytes(80_000_000), 9)
    kind, answer = call(
        web, "stylize_portrait", upload(web, png((chunk, bomb), (b"IDAT", data))), ids["stylizer"], {}, None
    )

    assert kind == "complete" or "damaged" in answer


def test_row_06_nine_megabytes_are_refused_before_they_are_kept(web):
    answer = web.post("/gradio_api/upload", files={"files": ("big.png", bytes(9_000_000))})

    assert answer.status_code == 413
    assert "8 MB" in answer.json()["detail"]


def test_row_06_nine_megabytes_in_a_data_url(web, ids):
    url = "data:image/png;base64," + base64.b64encode(bytes(9_000_000)).decode()
    arguments = {"data": [{"url": url}, ids["stylizer"], {}, None]}

    assert web.post("/gradio_api/call/stylize_portrait", json=arguments).status_code == 413


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("page.jpg", b"<!doctype html><script>alert(1)</script>" + bytes(100)),
        ("paper.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n"),
        ("layers.psd", b"8BPS\0\1" + bytes(100)),
        ("scan.tiff", file(picture(), "TIFF")),
        ("moving.gif", file(picture(), "GIF")),
        ("phone.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)),
    ],
)
def test_row_07_another_format_is_refused_and_ours_are_named(web, ids, name, data):
    assert "PNG, JPEG or WebP" in refused_picture(web, ids, data, name)


def test_row_08_a_phones_picture_is_turned_upright_and_its_place_forgotten(web, ids):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    photo = Image.new("RGB", (96, 64), "teal")

    out, _ = stylize(web, ids, file(photo, "JPEG", exif=exif))

    image = Image.open(BytesIO(out))
    assert image.size == (64, 96)
    assert not image.getexif().get_ifd(0x8825)


@pytest.mark.parametrize("mode", ["RGBA", "P", "L", "LA", "CMYK", "I;16", "1"])
def test_row_09_every_kind_of_pixel_is_converted(web, ids, mode):
    image = Image.fromarray(np.full((64, 64), 30_000, np.uint16)) if mode == "I;16" else picture(mode=mode)

    out, _ = stylize(web, ids, file(image, "JPEG" if mode == "CMYK" else "PNG"))

    assert Image.open(BytesIO(out)).mode == "RGB"


@pytest.mark.parametrize(("size", "said"), [((1, 1), "sides of 32"), ((40, 8000), "too narrow")])
def test_row_10_too_small_or_too_narrow(web, ids, size, said):
    assert said in refused_picture(web, ids, file(Image.new("RGB", size)))


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_row_11_of_a_thousand_frames_the_first(web, ids, format):
    frames = [Image.new("RGB", (32, 32), (index % 256, 0, index // 256)) for index in range(1000)]

    out, _ = stylize(web, ids, file(frames[0], format, save_all=True, append_images=frames[1:]))

    assert getattr(Image.open(BytesIO(out)), "n_frames", 1) == 1


@pytest.mark.parametrize("tail", [b"<script>alert(1)</script>", b"PK\3\4" + bytes(64)], ids=["script", "zip"])
def test_row_12_what_hangs_behind_a_picture_is_dropped(web, ids, tail):
    out, _ = stylize(web, ids, file(picture(), "JPEG") + tail)

    assert tail not in out


def test_row_13_a_label_that_came_in_goes_out_again(web, ids):
    aigc = label.Aigc(producer="Somebody else", produce_id="42")
    data = label.encode(picture(), label.Label(label.GENERATED, aigc), "JPEG")

    out, facts = stylize(web, ids, data)

    said = label.read(out)
    assert (said.aigc.producer, said.aigc.produce_id) == ("Somebody else", "42")
    assert said.source_type == label.GENERATED
    assert said.recipe_id == facts["id"]


@pytest.mark.parametrize("seed", [-1, 2**32, 1e300, 0.5, "abc", True, [], {}])
@pytest.mark.parametrize("endpoint", ["generate_persona", "write_profile"])
def test_row_22_a_seed_that_is_none(web, ids, endpoint, seed):
    model = ids["generator" if endpoint == "generate_persona" else "writer"]

    refused(web, endpoint, model, seed, *({}, "en") if endpoint == "generate_persona" else ("en", None))


@pytest.mark.parametrize("seed", ["NaN", "Infinity"])
def test_row_22_a_seed_that_json_does_not_have(web, ids, seed):
    body = f'{{"data": ["{ids["generator"]}", {seed}, {{}}, "en"]}}'
    asked = web.post("/gradio_api/call/generate_persona", content=body, headers={"content-type": "application/json"})

    answer = web.get(f"/gradio_api/call/generate_persona/{asked.json()['event_id']}").text if asked.is_success else ""
    assert "complete" not in answer


@pytest.mark.parametrize("params", [{"size": 100_000}, {"count": 10_000}, {"strength": 1e9}, {"x" * 5000: 1}, [1], "x"])
def test_row_23_settings_beyond_their_range_or_that_there_are_not(web, ids, params):
    refused(web, "stylize_portrait", upload(web, file(picture())), ids["stylizer"], params, None)


@pytest.mark.parametrize("model", ["no/such", "dcgan", "", None, 7, "x" * 5000])
def test_row_24_a_model_that_there_is_not(web, model):
    refused(web, "generate_persona", model, 1, {}, "en")


def test_row_24_a_model_of_another_kind(web, ids):
    assert "is a stylizer, not a generator" in refused(web, "generate_persona", ids["stylizer"], 1, {}, "en")
    assert "is a generator" in refused(
        web, "fix_anomalies", upload(web, file(picture())), ids["generator"], {}, None, ""
    )


@pytest.mark.parametrize("model", ["../../evil", "os:system", "https://evil.example/plugin.py", "zoo.cli/main"])
def test_row_25_an_id_that_would_be_a_path_or_a_module(web, model):
    refused(web, "generate_persona", model, 1, {}, "en")
    refused(web, "stylize_portrait", upload(web, file(picture())), model, {}, None)


def test_row_27_a_link_to_a_model_that_is_gone_names_the_nearest(web, ids):
    plugin, _, name = ids["generator"].partition("/")
    code = encode(Recipe(source=Draw(model=f"{plugin}/{name}-old", seed=1)))

    page = web.get(f"/p/{code}").text

    assert f"There is no model “{plugin}/{name}-old” in this zoo. The nearest is “" in page
    assert not any(trace in page for trace in TRACES[:2])


@pytest.mark.parametrize("arguments", [[], [1], ["a"] * 20, [{}, {}, {}, {}], [[[]], None, None, None]])
def test_row_30_arguments_of_the_wrong_number_or_type(web, arguments):
    asked = web.post("/gradio_api/call/stylize_portrait", json={"data": arguments})

    if asked.is_success:
        answer = web.get(f"/gradio_api/call/stylize_portrait/{asked.json()['event_id']}").text
        assert "event: error" in answer
        assert not any(trace in answer for trace in TRACES[:2])


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"data": 1}', b'{"data": ' + b"[" * 100_000])
def test_row_30_a_body_that_is_no_request(web, body):
    answer = web.post("/gradio_api/call/generate_persona", content=body, headers={"content-type": "application/json"})

    assert answer.status_code >= 400
    assert "Traceback" not in answer.text


def test_row_30_an_endpoint_that_there_is_not(web):
    answer = web.post("/gradio_api/call/no_such", json={"data": []})

    assert answer.status_code >= 400
    assert "Traceback" not in answer.text


def test_row_31_two_hundred_at_once_are_served_or_asked_to_wait(site, ids):
    def ask(_):
        with site.client() as one:
            return one.post(
                "/gradio_api/call/generate_persona", json={"data": [ids["generator"], 1, {}, "en"]}
            ).status_code

    with ThreadPoolExecutor(32) as pool:
        answers = set(pool.map(ask, range(200)))

    assert answers <= {200, 429, 503}
    with site.client() as web:
        assert web.get("/").status_code == 200


def test_row_31_who_asks_too_much_is_asked_to_wait(web, ids):
    answers = [web.post("/gradio_api/call/no_such", json={"data": []}).status_code for _ in range(300)]

    assert 429 in answers


def test_row_31_who_leaves_in_the_middle_leaves_the_studio_as_it_was(site, ids):
    with site.client() as web:
        event = web.post("/gradio_api/call/generate_persona", json={"data": [ids["generator"], 2, {}, "en"]}).json()
        with web.stream("GET", f"/gradio_api/call/generate_persona/{event['event_id']}"):
            pass  # gone before the answer
    with site.client() as web:
        assert call(web, "list_models")[0] == "complete"


def test_row_32_the_same_code_makes_the_same_picture_twice(web, ids):
    code = encode(Recipe(source=Draw(model=ids["generator"], seed=5)))
    first, second = (Image.open(BytesIO(web.get(f"/p/{code}.png").content)) for _ in range(2))

    assert np.abs(np.asarray(first, np.int16) - np.asarray(second, np.int16)).max() <= 1


def test_row_39_a_picture_cropped_elsewhere_keeps_its_label_through_the_studio(web, ids):
    kind, (portrait, facts) = call(web, "generate_persona", ids["generator"], 7, {}, "en")
    assert kind == "complete"
    data = web.get(urlsplit(portrait["url"]).path).content
    image = Image.open(BytesIO(data))
    cropped = label.encode(image.convert("RGB").crop((8, 8, 200, 200)), label.read(data), "JPEG")

    out, _ = stylize(web, ids, cropped)

    assert label.read(out).aigc.produce_id == facts["id"]


SECRETS = ("/etc/passwd", "../../../etc/passwd", "{root}/plugins/ink/samples.webp", "file:///etc/passwd")


@pytest.mark.parametrize("path", SECRETS)
@pytest.mark.parametrize("meta", [{}, {"meta": {"_type": "gradio.FileData"}}], ids=["bare", "marked"])
def test_no_picture_of_the_server_can_be_named_by_its_path(web, ids, path, meta):
    named = {"path": path.format(root=Path(__file__).parents[2])} | meta
    own = upload(web, file(picture()))

    for endpoint, arguments in (
        ("stylize_portrait", (named, ids["stylizer"], {}, None)),
        ("stylize_portrait", (own, ids["stylizer"], {}, named)),
        ("detect_anomalies", (named, ids["corrector"], {}, None)),
        ("fix_anomalies", (named, ids["corrector"], {}, None, "")),
        ("write_profile", (ids["writer"], 1, "en", named)),
    ):
        assert call(web, endpoint, *arguments)[0] == "error"


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/banner.png", "http://169.254.169.254/latest", "ftp://x/y"])
def test_no_address_is_fetched_for_a_visitor(web, site, ids, url):
    named = {"url": url.format(port=site.port), "path": url.format(port=site.port)}

    try:
        assert call(web, "detect_anomalies", named, ids["corrector"], {}, None)[0] == "error"
    except httpx.HTTPError as error:
        pytest.fail(f"the studio did not answer: {error}")
