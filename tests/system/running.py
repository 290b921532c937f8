"""Runs programs for the system tests, asks them over HTTP, waits for what they do, and ends them by
their own pid. Whatever is not as a test says is Wrong. Standard library only; 127.0.0.0/8 only."""

import socket
import subprocess
import time
import urllib.error
import urllib.request


class Wrong(Exception):
    """A sentence that says what does not hold."""


def need(holds, what):
    if not holds:
        raise Wrong(what)


def judge(test):
    """Runs a whole test. What is wrong goes to stderr and ends it with status 1."""
    try:
        test()
    except Wrong as wrong:
        raise SystemExit(f"WRONG: {wrong}") from wrong


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get_bytes(url, method="GET", timeout_s=10):
    """Status and body; 0 and the reason where nobody answers."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=timeout_s) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError as error:
        return 0, str(error).encode()


def get(url, method="GET"):
    status, body = get_bytes(url, method)
    return status, body.decode()


def until(condition, what, seconds, *, children=(), pause_s=0.1, report=lambda: ""):
    """The condition's answer once it holds. Wrong if it does not in time, or if one of the children
    ends before; `report` then says more."""
    end = time.monotonic() + seconds
    while True:
        for child in children:
            if child.poll() is not None:
                raise Wrong(f"{child.args[0]} ended before: {what}{report()}")
        if answer := condition():
            return answer
        if time.monotonic() > end:
            raise Wrong(f"not in {seconds:.0f} s: {what}{report()}")
        time.sleep(pause_s)


def start(log, *command, **how):
    """A process that writes to the end of the log; `how` is Popen's."""
    with log.open("a") as file:
        return subprocess.Popen([str(word) for word in command], stdout=file, stderr=file, **how)


def end(children, seconds):
    """Asks them to end, the youngest first, and kills those that do not in time."""
    for child in reversed(children):
        child.terminate()
    for child in children:
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            kill(child)


def kill(child):
    if child.poll() is None:
        child.kill()
    child.wait()
