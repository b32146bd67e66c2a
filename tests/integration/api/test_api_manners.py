"""What holds for every call: problems for every error, no other site's requests, documentation that is complete."""

import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from api.app import api_app

SettingsOf = Callable[..., None]


@pytest.mark.parametrize("address", ["/api/v1/nothing", "/api/nothing", "/nothing", "/api/v1/sessions/"])
def test_unknown_addresses(server: str, address: str) -> None:
    response = httpx.get(f"{server}{address}")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["title"] == "There is nothing at this address."


@pytest.mark.parametrize(
    ("method", "address", "allowed"),
    [
        ("PATCH", "/sessions", "GET, POST"),
        ("POST", f"/sessions/{uuid.UUID(int=0)}", "GET, DELETE"),
        ("DELETE", "/sessions/status", "GET"),
        ("OPTIONS", f"/sessions/{uuid.UUID(int=0)}/audio", "GET, HEAD"),
    ],
)
def test_methods_that_are_not_taken(client: httpx.Client, method: str, address: str, allowed: str) -> None:
    response = client.request(method, address)
    assert (response.status_code, response.json()["code"]) == (405, "method-not-allowed")
    assert response.headers["allow"] == allowed


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "http://[broken"},
    ],
)
def test_other_sites_may_not_change_anything(client: httpx.Client, headers: dict[str, str]) -> None:
    for call in (client.post, client.delete):
        response = call(f"/sessions/{uuid.UUID(int=0)}/cancel", headers=headers)
        assert (response.status_code, response.json()["code"]) == (403, "cross-site-request")
        assert response.headers["x-content-type-options"] == "nosniff"
    assert client.get("/sessions", headers=headers).status_code == 200


def test_the_dashboards_own_page_may(server: str, client: httpx.Client) -> None:
    for headers in ({"Sec-Fetch-Site": "same-origin", "Origin": "https://proxy.example"}, {"Origin": server}, {}):
        assert client.post(f"/sessions/{uuid.UUID(int=0)}/cancel", headers=headers).status_code == 404


@pytest.mark.parametrize(
    ("host", "bind_host", "allowed_hosts", "status"),
    [
        ("localhost:8501", "127.0.0.1", "", 200),
        ("LOCALHOST", "127.0.0.1", "", 200),
        ("127.0.0.1:9", "::1", "", 200),
        ("[::1]:8501", "localhost", "", 200),
        ("elsewhere.example", "127.0.0.1", "", 421),
        ("elsewhere.example:8501", "localhost", "", 421),
        ("localhost.elsewhere.example", "127.0.0.1", "", 421),
        ("127.0.0.1.elsewhere.example", "127.0.0.1", "", 421),
        ("elsewhere.example@localhost.example", "127.0.0.1", "", 421),
        ("192.0.2.7", "127.0.0.1", "", 421),
        ("[broken", "127.0.0.1", "", 421),
        ("elsewhere.example", "0.0.0.0", "", 200),
        ("elsewhere.example", "0.0.0.0", "desk.example", 421),
        ("Desk.Example.:8501", "127.0.0.1", "one.example, desk.example", 200),
        ("localhost:8501", "0.0.0.0", "desk.example", 200),
        ("192.0.2.7:8501", "192.0.2.7", "desk.example", 200),
        ("elsewhere.example", "127.0.0.1", "desk.example", 421),
    ],
)
def test_the_api_is_served_under_its_own_names_only(
    client: httpx.Client, settings_of: SettingsOf, host: str, bind_host: str, allowed_hosts: str, status: int
) -> None:
    """A page whose name was made to point here would else read and change everything, as our own page does."""
    settings_of(bind_host=bind_host, allowed_hosts=allowed_hosts)
    headers = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
    for address in ("/sessions", "/health"):
        response = client.get(address, headers=headers)
        assert response.status_code == status
        assert response.headers["x-content-type-options"] == "nosniff"
    if status == 421:
        assert response.json()["code"] == "host-not-allowed"
        assert client.post(f"/sessions/{uuid.UUID(int=0)}/cancel", headers=headers).status_code == 421


def test_the_documentation_needs_no_internet(server: str) -> None:
    page = httpx.get(f"{server}/api/docs").text
    assert "https://" not in page
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert f"/api/static-offline-docs/{asset}" in page
        assert httpx.get(f"{server}/api/static-offline-docs/{asset}").status_code == 200
    assert httpx.get(server, follow_redirects=True).url.path == "/api/docs"


def test_openapi_is_the_same_alone_and_mounted(server: str) -> None:
    described = httpx.get(f"{server}/api/openapi.json").json()
    assert described == api_app.openapi()
    assert described["servers"] == [{"url": "/api"}]


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, item in api_app.openapi()["paths"].items()
        for method, operation in item.items()
    ]


def test_every_call_is_described() -> None:
    described = operations()
    assert len({operation["operationId"] for _, _, operation in described}) == len(described)
    for method, path, operation in described:
        assert operation["summary"], path
        answers = operation["responses"]
        for refusal in ("401", "403", "429"):  # not signed in, from another site's page, too often
            assert (refusal in answers) == (path not in {"/v1/health", "/v1/ready"}), (method, path)
        for status, answer in answers.items():
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], (method, path, status)
        if "parameters" in operation or "requestBody" in operation:
            assert "422" in answers, path
        assert path == "/v1/health" or "503" in answers, path


def test_every_reference_in_openapi_leads_somewhere() -> None:
    described = api_app.openapi()

    def walk(node: object) -> None:
        if isinstance(node, dict):
            if isinstance(reference := node.get("$ref"), str):
                target: Any = described
                for step in reference.removeprefix("#/").split("/"):
                    target = target[step]
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(described)
