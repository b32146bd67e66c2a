"""Sees to a Chromium for the browser tests: on the PATH, else from apt as root, else Playwright's own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from store.embedded.errors import ProgramError
from store.embedded.versions import check_version

VERSION_LINE = r"(?:Chromium|Google Chrome) (\d+(?:\.\d+)*)"
ANSWER_SEC = 60.0  # a browser that was just installed, on a busy machine
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def on_path() -> str | None:
    """The browser on the PATH that really runs: Ubuntu's package may be a script that only asks for snap."""
    for name in NAMES:
        if found := shutil.which(name):
            path = Path(found).absolute()
            try:
                check_version([path, "--version"], "Chromium", VERSION_LINE, answer_sec=ANSWER_SEC)
                return str(path)
            except ProgramError as error:
                print(f"{error} Looking for another one.", flush=True)
    return None


def has_playwrights() -> bool:
    """Whether Playwright has downloaded its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return os.path.exists(playwright.chromium.executable_path)


def install_with_apt() -> bool:
    """Whether apt has installed one; only root may."""
    apt = shutil.which("apt-get")
    if os.geteuid() != 0 or apt is None:
        return False
    print("Installing Chromium with apt-get for the browser tests", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
        if subprocess.run([apt, *step], env=environment, stdout=subprocess.DEVNULL, check=False).returncode != 0:
            return False
    return on_path() is not None


def install_with_playwright() -> bool:
    """Whether Playwright has downloaded its own."""
    print("Downloading Playwright's Chromium for the browser tests", flush=True)
    return subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False).returncode == 0


def main() -> int:
    """0 when there is a browser, 1 with a sentence otherwise."""
    if on_path() or has_playwrights() or install_with_apt() or install_with_playwright():
        return 0
    print("The browser tests need Chromium: install a package named chromium (or google-chrome), then try again.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
