"""The guard in front of a real Gradio server. Row numbers are those of the bad inputs in the notes on trust."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from io import BytesIO

import httpx
import pytest
from gradio_site import CHROMIUM, page, serving
from PIL import Image
from playwright.sync_api import sync_playwright
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from zoo.studio.guard import BODY_BYTES, PICTURE_BYTES, Guard
from zoo.studio.headers import security_headers
from zoo.studio.rate import Buckets

MB = 10**6


@pytest.fixture(scope="module")
def studio() -> Iterator[httpx.Client]:
    guard = Middleware(Guard, behind_proxy=True)
    with (
        serving(page(), app_kwargs={"middleware": [guard]}) as url,
        httpx.Client(base_url=url, timeout=60, trust_env=False) as client,
    ):
        yield client


def data_url(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


def noise(side: int) -> bytes:
    """A PNG that does not compress: three bytes a pixel."""
    file = BytesIO()
    Image.frombytes("RGB", (side, side), random.Random(0).randbytes(3 * side * side)).save(file, "PNG")
    return file.getvalue()


def call(picture: object) -> dict[str, object]:
    return {"data": ["hello", picture]}


def refusal(answer: httpx.Response) -> str:
    """The one sentence that a refused visitor reads."""
    assert set(answer.json()) == {"detail"}
    return str(answer.json()["detail"])


def still_up(client: httpx.Client) -> bool:
    return client.get("/").status_code == 200


def test_row_6_a_file_of_9_mb_is_refused(studio: httpx.Client) -> None:
    answer = studio.post("/gradio_api/upload", files={"files": ("big.png", bytes(9 * MB))})

    assert answer.status_code == 413
    assert refusal(answer).startswith("This is over 8 MB.")
    assert still_up(studio)


@pytest.mark.parametrize("address", ["/gradio_api/call/echo", "/gradio_api/queue/join", "/gradio_api/run/echo"])
def test_row_6_a_data_url_of_9_mb_in_json_is_refused(studio: httpx.Client, address: str) -> None:
    url = data_url(bytes(9 * MB * 3 // 4))

    answer = studio.post(address, json=call({"url": url}))

    assert len(url) == pytest.approx(9 * MB, abs=100)
    assert answer.status_code == 413
    assert "8 MB" in refusal(answer)
    assert still_up(studio)


def test_row_6_json_of_20_mb_is_refused(studio: httpx.Client) -> None:
    answer = studio.post("/gradio_api/call/echo", json={"data": ["x" * (20 * MB), None]})

    assert answer.status_code == 413
    assert still_up(studio)


def test_row_6_what_comes_in_chunks_is_counted_though_no_length_was_declared(studio: httpx.Client) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"data": ["'
        for _ in range(9):
            yield b"x" * MB
        yield b'", null]}'

    answer = studio.post("/gradio_api/call/echo", content=chunks(), headers={"content-type": "application/json"})

    assert "content-length" not in answer.request.headers
    assert answer.status_code == 413
    assert refusal(answer).startswith("This is over 8 MB.")
    assert still_up(studio)


def test_a_picture_of_just_under_8_mb_may_be_uploaded(studio: httpx.Client) -> None:
    answer = studio.post("/gradio_api/upload", files={"files": ("large.png", bytes(PICTURE_BYTES - 1))})

    assert answer.status_code == 200
    assert len(answer.json()) == 1


def test_a_picture_of_6_mb_may_come_as_a_data_url(studio: httpx.Client) -> None:
    picture = noise(1413)

    answer = studio.post("/gradio_api/call/echo", json=call({"url": data_url(picture)}))

    assert len(picture) == pytest.approx(6 * MB, rel=0.01)
    assert answer.status_code == 200
    events = studio.get(f"/gradio_api/call/echo/{answer.json()['event_id']}").text
    assert '"hello: True"' in events


def test_a_refusal_is_in_the_language_of_the_visitor(studio: httpx.Client) -> None:
    answer = studio.get("/gradio_api/proxy=x", headers={"accept-language": "zh-HK,zh;q=0.9,en;q=0.8"})

    assert refusal(answer) == "这个地址没有内容。"


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/gradio_api/file=/etc/passwd", 403),
        ("/gradio_api/file=http://127.0.0.1:1/", 404),
        ("/gradio_api/file=https://example.com/a.png", 404),
        ("/gradio_api/file=HTTP://127.0.0.1:1/", 404),
        ("/gradio_api/file=%68ttp://127.0.0.1:1/", 404),
        ("/gradio_api/file=%2568ttp%253A//127.0.0.1:1/", 404),
        ("/gradio_api/file=%20http://127.0.0.1:1/", 404),
        ("/gradio_api/file=http:/127.0.0.1:1/", 404),
        ("/gradio_api/file=//127.0.0.1:1/", 404),
        ("/gradio_api/file=ftp://127.0.0.1:1/", 404),
        ("/gradio_api/file%3Dhttp://127.0.0.1:1/", 404),
        ("/gradio_api/file/http://127.0.0.1:1/", 404),
        ("/file=http://127.0.0.1:1/", 404),
        ("/gradio_api/proxy=http://127.0.0.1:1/", 404),
        ("/gradio_api/proxy=https://huggingface.co/", 404),
        ("/proxy=http://127.0.0.1:1/", 404),
    ],
)
def test_row_37_no_file_of_the_server_and_no_address_elsewhere_is_fetched(
    studio: httpx.Client, address: str, status: int
) -> None:
    answer = studio.get(address)

    assert answer.status_code == status
    assert "root:" not in answer.text


def test_row_37_sessions_are_not_dumped_for_deep_links(studio: httpx.Client) -> None:
    assert studio.get("/gradio_api/deep_link?session_hash=abc").status_code == 404


def test_uploaded_files_are_still_served(studio: httpx.Client) -> None:
    path = studio.post("/gradio_api/upload", files={"files": ("a.txt", b"hello")}).json()[0]

    assert studio.get(f"/gradio_api/file={path}").content == b"hello"


def test_row_38_an_invented_forwarded_address_does_not_buy_a_second_bucket() -> None:
    buckets = Buckets(burst=5, clock=lambda: 0.0)
    guard = Middleware(Guard, buckets=buckets, behind_proxy=True)
    with serving(page(), app_kwargs={"middleware": [guard]}) as url:

        def ask(invented: str, real: str) -> httpx.Response:
            forwarded = {"x-forwarded-for": f"{invented}, {real}"}
            return httpx.post(f"{url}/gradio_api/call/echo", json=call(None), headers=forwarded, trust_env=False)

        answers = [ask(f"1.2.3.{count}", "93.184.216.34") for count in range(6)]

        assert [answer.status_code for answer in answers] == [200] * 5 + [429]
        assert refusal(answers[-1]) == "That was a lot at once. Wait a few seconds, then go on."
        assert answers[-1].headers["retry-after"] == "1"
        assert ask("1.2.3.4", "93.184.216.35").status_code == 200
        assert httpx.get(url, headers={"x-forwarded-for": "93.184.216.34"}, trust_env=False).status_code == 200


def test_every_answer_wears_the_security_headers(studio: httpx.Client) -> None:
    for answer in (studio.get("/"), studio.get("/nowhere"), studio.get("/gradio_api/proxy=x")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "strict-origin-when-cross-origin"
        policy = answer.headers["content-security-policy"]
        assert "object-src 'none'" in policy
        assert "frame-ancestors 'self' https://huggingface.co" in policy


def test_only_on_a_space_may_the_page_talk_to_hugging_face() -> None:
    def sources(policy: str) -> str:
        return next(part for part in policy.split("; ") if part.startswith("connect-src"))

    assert "huggingface.co" in sources(security_headers(on_space=True)["content-security-policy"])
    assert "huggingface.co" not in sources(security_headers()["content-security-policy"])


def test_gradios_page_works_under_the_policy_without_an_error_in_the_console(studio: httpx.Client) -> None:
    with sync_playwright() as play:
        browser = play.chromium.launch(**CHROMIUM)
        tab = browser.new_page()
        errors: list[str] = []
        tab.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.goto(str(studio.base_url))
        tab.fill("#text textarea, #text input", "hello")
        tab.set_input_files("#picture input[type=file]", {"name": "a.png", "mimeType": "image/png", "buffer": DOT})
        tab.wait_for_selector("#picture img")
        tab.click("#go")
        tab.wait_for_function("[...document.querySelectorAll('#said textarea, #said input')][0].value == 'hello: True'")
        tab.click("#shout")
        tab.wait_for_function("[...document.querySelectorAll('#said textarea, #said input')][0].value == 'HELLO'")
        browser.close()

    assert errors == []


DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


async def broken(request: Request) -> PlainTextResponse:
    raise RuntimeError(f"the password is hunter2: {await request.body()!r}")


async def swallowing(request: Request) -> PlainTextResponse:
    """As FastAPI does with a body that cannot be read."""
    try:
        await request.body()
    except Exception:
        return PlainTextResponse("parse error", 400)
    return PlainTextResponse("fine")


@pytest.fixture
def routes() -> TestClient:
    app = Starlette(
        routes=[Route("/broken", broken, methods=["POST"]), Route("/swallowing", swallowing, methods=["POST"])],
        middleware=[Middleware(Guard)],
    )
    return TestClient(app)


def test_what_breaks_behind_the_guard_is_not_told_to_the_visitor(routes: TestClient) -> None:
    answer = routes.post("/broken", content=b"body")

    assert answer.status_code == 500
    assert json.loads(answer.text) == {"detail": "Something went wrong here, and has been noted. Try again."}


def test_an_application_that_swallows_the_refusal_does_not_answer_for_it(routes: TestClient) -> None:
    answer = routes.post("/swallowing", content=(b"x" * MB for _ in range(BODY_BYTES // MB + 1)))

    assert answer.status_code == 413
    assert "over 8 MB" in answer.json()["detail"]
