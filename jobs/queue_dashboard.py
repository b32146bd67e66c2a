"""Starts rq-dashboard on our queue: `python -m jobs.queue_dashboard`.

It shows queues, workers and jobs; what changes them is refused: retry and cancel belong to the product, where Postgres
hears of them. With a user name configured it asks for it, and then also allows to requeue.
"""

import hmac
import logging
import signal
import sys
from typing import TYPE_CHECKING

import rq.serializers
from flask import Flask, Response, request
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from rq.exceptions import NoSuchJobError

from store import logs
from store.refusals import open_queue_dashboard
from store.settings import Settings, settings

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

log = logging.getLogger("jobs.queue_dashboard")  # the name it has as a program, too

# Named by their endpoints in rq-dashboard; requeuing all of a queue works there even with GET
REQUEUES = {"rq_dashboard.requeue_job_view", "rq_dashboard.requeue_all"}
READ_ONLY = "This page only shows the queue. Retry or cancel a session on the dashboard."


def application(configured: Settings) -> Flask:
    """rq-dashboard as a WSGI application, safe to show."""
    # Its workers' page reads each running job with rq's default serializer and answers 500 to our JSON jobs
    rq.serializers.PickleSerializer = rq.serializers.JSONSerializer  # type: ignore[assignment]
    rq.serializers.DefaultSerializer = rq.serializers.JSONSerializer  # type: ignore[misc,assignment]
    from rq_dashboard.cli import make_flask_app
    from rq_dashboard.web import setup_rq_connection

    flask_app: Flask = make_flask_app(None, None, None, "")
    flask_app.config["RQ_DASHBOARD_REDIS_URL"] = configured.redis_url or "redis://127.0.0.1:6379"
    flask_app.config["RQ_DASHBOARD_DISABLE_DELETE"] = True
    setup_rq_connection(flask_app)

    @flask_app.before_request
    def guard() -> Response | None:
        return refusal(configured)

    @flask_app.errorhandler(RedisConnectionError)
    @flask_app.errorhandler(RedisTimeoutError)
    def without_redis(error: Exception) -> Response:
        log.warning("Redis does not answer: %s", error)
        return Response("Redis does not answer; this page works again when it does.\n", 503, mimetype="text/plain")

    @flask_app.errorhandler(NoSuchJobError)
    def without_job(_error: Exception) -> Response:
        return Response("There is no such job; jobs are forgotten soon after they end.\n", 404, mimetype="text/plain")

    return flask_app


def refusal(configured: Settings) -> Response | None:
    """What to answer to the current request instead of serving it: 401 or 403; None when it may pass."""
    signs_in = bool(configured.rq_dashboard_username)
    if signs_in and not _signed_in(configured):
        return Response("Please sign in.\n", 401, {"WWW-Authenticate": 'Basic realm="Queue health", charset="UTF-8"'})
    reads = request.method in ("GET", "HEAD", "OPTIONS") and request.endpoint not in REQUEUES
    # A browser sends the password to whichever page asks: a change must come from our own pages
    requeues = request.endpoint in REQUEUES and request.method == "POST" and _from_our_pages()
    if reads or (signs_in and requeues):
        return None
    return Response(f"{READ_ONLY}\n", 403, mimetype="text/plain")


def _signed_in(configured: Settings) -> bool:
    given = request.authorization
    if given is None or given.type != "basic":
        return False
    expected = f"{configured.rq_dashboard_username}:{configured.rq_dashboard_password}"
    return hmac.compare_digest(f"{given.username}:{given.password}".encode(), expected.encode())


def _from_our_pages() -> bool:
    return request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"


def server(configured: Settings) -> "BaseWSGIServer":
    """The dashboard listening on its address, a thread a request. Exits with a sentence when the port is taken."""
    from werkzeug.serving import WSGIRequestHandler, make_server

    class QuietHandler(WSGIRequestHandler):
        """Logs errors, but not each of the requests that an open page makes every few seconds."""

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing."""

    return make_server(
        configured.bind_host,
        configured.rq_dashboard_port,
        application(configured),
        threaded=True,
        request_handler=QuietHandler,
    )


def main() -> None:
    """Serve until Ctrl-C or SIGTERM."""
    configured = settings()
    logs.configure()
    if unsafe := open_queue_dashboard(configured):
        sys.exit(" ".join(unsafe))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends in the same orderly way as Ctrl-C
    listening = server(configured)
    log.info("Queue health: %s", configured.rq_dashboard_link)
    try:
        listening.serve_forever()
    except KeyboardInterrupt:
        log.info("Queue health stopped")


if __name__ == "__main__":
    main()
