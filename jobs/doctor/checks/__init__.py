"""One module a part of the installation; each check yields findings and may raise or hang: examination.py bears it."""
