"""No secret comes into the logs, whatever somebody logs; and what is none stays readable."""

import pytest

from store.redaction import redacted

CANARY = "ca4a72"
SECRET = f"0123456789abcdef{CANARY}" * 3


@pytest.mark.parametrize(
    "text",
    [
        f"GET /api with td_0123456789abcdef_{SECRET}",
        f"Authorization: Bearer {SECRET}",
        f"authorization={SECRET}; more",
        f"headers {{'Cookie': '_streamlit_user={SECRET}'}}",
        f"Bearer {SECRET}",
        f"postgresql://desk:{SECRET}@db.example.org/desk",
        f"redis://:{SECRET}@redis:6379/0",
        f"GET /oauth2callback?code={SECRET}&state=x",
        f"GET /oauth2callback?iss=y&state={SECRET}",
        f"client_secret={SECRET}",
        f"duplicate key\nDETAIL:  Key (title)=({CANARY}) already exists.\n",
        f"failed\n[SQL: INSERT INTO session VALUES ('{CANARY}')]\n[parameters: ('{CANARY}',)]",
    ],
)
def test_secrets_are_taken_out(text: str) -> None:
    assert CANARY not in redacted(text)


@pytest.mark.parametrize(
    "text",
    [
        "Starting transcription for session 5f0c7a34-8c1e-4a53-9a53-0d6a6f0b2f11",
        "GET /api/v1/sessions/5f0c7a34-8c1e-4a53-9a53-0d6a6f0b2f11 failed: reference 0123abcd",
        "Swept local://audio-uploads/coach/5f0c7a34-8c1e-4a53-9a53-0d6a6f0b2f11.wav, which no session names",
        "error_code=decoding-failed, exit code 3",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redacted(text) == text


def test_which_token_it_was_stays_known() -> None:
    assert redacted(f"td_0123456789abcdef_{SECRET}") == "td_0123456789abcdef_[removed]"
