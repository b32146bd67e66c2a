"""`python -m tests.instruments.identity_provider`: a real OpenID Connect provider on loopback, at IDENTITY_PORT.

Whoever types a name there is that person; `PUT /users/<name>` says what the provider knows of them.
"""

import os
import warnings

warnings.simplefilter("ignore")  # it uses what its own library is about to drop

from oidc_provider_mock import app  # noqa: E402
from werkzeug.serving import make_server  # noqa: E402

if __name__ == "__main__":
    server = make_server("127.0.0.1", int(os.environ["IDENTITY_PORT"]), app(), threaded=True)
    print("The identity provider is ready", flush=True)
    server.serve_forever()
