"""As whom the embedded servers run, and the folders that this account needs."""

import hashlib
import logging
import os
import pwd
import shlex
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from store.embedded.errors import ServerError

log = logging.getLogger(__name__)

ROOT_STAND_IN = "pgserver"  # Postgres refuses to run as root; the wheel it comes from uses the same name
USERADD_SEC = 30.0
LONGEST_SOCKET_FOLDER = 80  # bytes; a socket's whole path may have 107, on macOS 103


@dataclass(frozen=True)
class Account:
    """The user and group whose rights a server has."""

    user: int
    group: int

    @property
    def changes_user(self) -> bool:
        return self.user != os.geteuid()


def server_account() -> Account:
    """Ourselves; for root a system user, made when it does not exist. Raises ServerError when it cannot be made."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    try:
        entry = pwd.getpwnam(ROOT_STAND_IN)
    except KeyError:
        entry = _make_system_user()
    return Account(entry.pw_uid, entry.pw_gid)


def _make_system_user() -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if useradd is None:
        raise ServerError(
            "Postgres does not run as root, and there is no useradd to make a user for it: run as a user."
        )
    log.info("Making the system user %s: Postgres does not run as root", ROOT_STAND_IN)
    command = [useradd, "--system", "--no-create-home", "--home-dir", "/nonexistent", ROOT_STAND_IN]
    try:
        made = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=USERADD_SEC)
        said = made.stderr.strip() or f"{useradd} ended with code {made.returncode}"
    except (OSError, subprocess.TimeoutExpired) as error:
        said = str(error)
    try:
        return pwd.getpwnam(ROOT_STAND_IN)  # another process may have made it at the same moment
    except KeyError:
        raise ServerError(
            f"Postgres does not run as root, and the system user {ROOT_STAND_IN} could not be made: {said}. Make it"
            f" with `{shlex.join(command)}`, or run as a user."
        ) from None


def owned_folder(path: Path, account: Account) -> Path:
    """`path` as a private folder of `account`. Raises ServerError when it is somebody else's, or a link."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), account.user):
        raise ServerError(f"{path} belongs to somebody else; remove it, or set TMPDIR or VAR_DIR to another folder.")
    if found.st_uid != account.user:
        os.chown(path, account.user, account.group)
    path.chmod(0o700)
    make_reachable(path, account)
    return path


def socket_folder(var_dir: Path, account: Account) -> Path:
    """A short private folder for the sockets of `var_dir`'s servers: the path of a Unix socket is limited."""
    name = "transcript-desk-" + hashlib.sha256(os.fsencode(var_dir)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / name
    if len(os.fsencode(folder)) > LONGEST_SOCKET_FOLDER:
        folder = Path("/tmp") / name
    return owned_folder(folder, account)


def make_reachable(path: Path, account: Account) -> None:
    """Let `account` pass through the folders above `path`, when we are root and stand in for another user."""
    if not account.changes_user:
        return
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            log.info("Letting other users pass through %s: Postgres runs as %s", folder, ROOT_STAND_IN)
            folder.chmod(mode | stat.S_IXOTH)


def make_readable(folder: Path, account: Account) -> None:
    """Let `account` read and run the programs in `folder`, which pip under a strict umask keeps to ourselves."""
    make_reachable(folder, account)
    if not account.changes_user or folder.stat().st_mode & stat.S_IROTH:
        return
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))
