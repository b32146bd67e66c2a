"""rq-dashboard as the product ships it, for the benchmark of peers: with connections that stay open, as ours do."""

from flask import Flask
from werkzeug.serving import WSGIRequestHandler

from jobs.queue_dashboard import application, server
from store.settings import settings


def app() -> Flask:
    """For gunicorn."""
    return application(settings())


if __name__ == "__main__":
    WSGIRequestHandler.protocol_version = "HTTP/1.1"
    server(settings()).serve_forever()
