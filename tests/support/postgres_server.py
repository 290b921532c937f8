#!/usr/bin/env python3
"""A PostgreSQL server of its own for a test, from Debian's package.

    postgres_server.py COMMAND [ARGUMENT...]

runs a command with WEIR_TEST_POSTGRES=postgresql://... in its environment and ends as the command
does. As a module: `with PostgresServer() as server:`. The server listens on a socket in a private
folder and on no port, keeps its defaults (fsync too), and ends with its parent, however that ends.
"""

import glob
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

START_SECONDS = 60


def _programs():
    """Folder of the newest server's programs."""
    folders = glob.glob("/usr/lib/postgresql/*/bin")
    if not folders:
        raise SystemExit("PostgreSQL is not installed; scripts/setup test installs postgresql-15")
    return pathlib.Path(max(folders, key=lambda folder: int(folder.split("/")[4])))


class PostgresServer:
    """One server; its database `weir` is empty. `url` is what `ledger.url` takes."""

    def __init__(self):
        self.programs = _programs()
        self.folder = None
        self.process = None
        # The server refuses to run as root. Debian's package makes the user postgres.
        self._as_user = ["setpriv", "--pdeathsig", "QUIT"]
        self._owner = None
        if os.geteuid() == 0:
            self._owner = pwd.getpwnam("postgres")
            self._as_user += [f"--reuid={self._owner.pw_uid}", f"--regid={self._owner.pw_gid}", "--clear-groups"]

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-postgres-"))
        try:
            if self._owner:
                os.chown(self.folder, self._owner.pw_uid, self._owner.pw_gid)
            self._check(*self._as_user, self.programs / "initdb", "--pgdata", self.folder / "data", "--username=weir",
                        "--auth=trust", "--no-locale", "--encoding=UTF8", "--no-sync")
            self.start()
            self.sql("CREATE DATABASE weir", database="postgres")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url_of(self, database):
        return f"postgresql://weir@/{database}?host={self.folder}"

    @property
    def url(self):
        return self.url_of("weir")

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [*self._as_user, self.programs / "postgres", "-D", self.folder / "data", "-k", self.folder,
                 "-c", "listen_addresses="], stdout=log, stderr=log, cwd=self.folder)
        self.wait_ready()

    def wait_ready(self):
        """Until the server takes connections: after its start, and after its processes were killed."""
        deadline = time.monotonic() + START_SECONDS
        ready = [self.programs / "pg_isready", "--quiet", "--host", self.folder]
        while subprocess.run(ready, check=False).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"PostgreSQL does not start:\n{(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self):
        """At once, as after a loss of power: nothing is written that was not."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(timeout=60)

    def kill_backends(self):
        """kill -9 of every process that serves a client. The server starts all of them anew."""
        pids = self.sql("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' "
                        "AND pid <> pg_backend_pid()").split()
        for pid in pids:
            os.kill(int(pid), signal.SIGKILL)
        return len(pids)

    def sql(self, statement, database="weir"):
        """What a shell of the database answers, a row a line, columns apart by bars."""
        return self._check(self.programs / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.url_of(database),
                           "-c", statement)

    def _check(self, *command):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120,
                              check=False, cwd=self.folder)
        if done.returncode != 0:
            raise SystemExit(f"{command}: exit {done.returncode}: {done.stderr[-2000:]}")
        return done.stdout


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    # An end by signal is an end by exception, which stops the server.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with PostgresServer() as server:
        environment = {**os.environ, "WEIR_TEST_POSTGRES": server.url}
        sys.exit(subprocess.run(sys.argv[1:], env=environment, check=False).returncode)


if __name__ == "__main__":
    main()
