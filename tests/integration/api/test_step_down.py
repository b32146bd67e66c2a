"""An installation that cannot use the model it is set to goes on with a smaller one, and says so."""

from collections.abc import Callable

import httpx


def test_ready_says_that_a_smaller_model_is_used(client: httpx.Client, settings_of: Callable[..., None]) -> None:
    settings_of(stt_engine="whisper", whisper_model="medium")
    degraded = client.get("/ready").json()["degraded"]
    assert [one["why"] for one in degraded if one["part"] == "weights"] == [
        "Whisper medium is not downloaded (mended by: make model), so Whisper base is used."
    ]


def test_ready_says_nothing_of_weights_that_are_as_wished(
    client: httpx.Client, settings_of: Callable[..., None]
) -> None:
    settings_of(stt_engine="whisper", whisper_model="base")
    assert "weights" not in {one["part"] for one in client.get("/ready").json()["degraded"]}
