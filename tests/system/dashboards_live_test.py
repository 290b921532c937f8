#!/usr/bin/env python3
"""Asks a real Prometheus every query of every board.

    dashboards_live_test.py WEIR

`weir serve` runs the example backbone, `weir generate` plays its routers, and Prometheus scrapes it
with the rules of the tree. After a closed minute each query must be answered, with data unless
dashboards_may_be_empty.txt says why not. Standard library only; traffic stays on 127.0.0.0/8.
"""

import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import board_queries as boards

LONGEST_WAIT_S = 240  # the first minute closes lateness and a minute after the start
AFTER_CLOSING_S = 20  # scrapes, and rules on top of them


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


def ask(prometheus, expr):
    """The answer's series, or the words of a refusal."""
    status, body = get(f"{prometheus}/api/v1/query?{urllib.parse.urlencode({'query': expr})}")
    return json.loads(body)["data"]["result"] if status == 200 else f"{status}: {body[:200]}"


def may_be_empty():
    lines = (Path(__file__).parent / "dashboards_may_be_empty.txt").read_text().splitlines()
    return {line.rsplit(": ", 1)[0] for line in lines if line and not line.startswith("#")}


def backbone(folder, udp, http):
    """A copy of the example backbone with ports and files of its own."""
    copy = folder / "backbone"
    shutil.copytree(boards.ROOT / "examples/backbone", copy)
    config = copy / "weir.yaml"
    text = config.read_text()
    text = re.sub(r"^listen:\n(?:  - .*\n)+", f'listen: [{{udp: "127.0.0.1:{udp}"}}]\n', text, flags=re.MULTILINE)
    text = re.sub(r"^ledger:.*$", f'ledger: {{url: "sqlite:{folder}/weir.db"}}', text, flags=re.MULTILINE)
    text = re.sub(r"^state:.*$", f"state: {folder}/state", text, flags=re.MULTILINE)
    text = re.sub(r"^http:.*$", f'http: {{listen: "127.0.0.1:{http}"}}', text, flags=re.MULTILINE)
    config.write_text(re.sub(r"lateness: auto", "lateness: 20s", text))
    return config, copy / "scenario.yaml"


def busiest_contract(prometheus):
    """Of those with a ceiling, as Grafana writes it into a pattern."""
    found = ask(prometheus, "topk(1, sum by (contract) (weir_contract_bytes_total) "
                "and on (contract) weir_contract_ceiling_bytes_per_second)")
    if isinstance(found, str) or not found:
        raise RuntimeError(f"no contract has traffic and a ceiling: {found}")
    return re.escape(found[0]["metric"]["contract"]).replace("\\", "\\\\")


def problems(prometheus):
    excused, bad, asked, empty = may_be_empty(), [], 0, []
    contract = busiest_contract(prometheus)
    for path in boards.BOARDS:
        board = boards.load(path)
        for panel in boards.panels(board):
            for target in panel["targets"]:
                answer = ask(prometheus, boards.substituted(target["expr"], contract))
                asked += 1
                name = f"{path.stem}: {panel['title']}"
                if isinstance(answer, str):
                    bad.append(f"{name}: {answer}")
                    continue
                column = f"{name} / {target['legendFormat']}"
                if not answer:
                    empty.append(column)
                    if name not in excused and column not in excused:
                        missing = [each for each in boards.METRIC.findall(target["expr"])
                                   if ask(prometheus, each) == []]
                        bad.append(f"{column}: no data (no series of: {', '.join(missing) or 'none'})")
        for note in board["annotations"]["list"]:
            asked += 1
            answer = ask(prometheus, boards.substituted(note["expr"], contract))
            if isinstance(answer, str):
                bad.append(f"{path.stem}: annotation {note['name']}: {answer}")
    return bad, asked, empty


def main():
    weir = Path(sys.argv[1]).resolve()
    started = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        udp, http, web = (free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM),
                          free_port(socket.SOCK_STREAM))
        config, scenario = backbone(folder, udp, http)
        rules = [str(path) for path in sorted((boards.ROOT / "dashboards/rules").glob("*.yaml"))]
        (folder / "prometheus.yml").write_text(
            "global: {scrape_interval: 2s, evaluation_interval: 2s}\n"
            f"rule_files: {json.dumps(rules)}\n"
            "scrape_configs:\n- job_name: weir\n  static_configs:\n"
            f"  - targets: ['127.0.0.1:{http}']\n")
        log = (folder / "log").open("w+")

        def start(*command):
            started.append(subprocess.Popen([str(each) for each in command], stdout=log, stderr=log, cwd=folder))

        prometheus = f"http://127.0.0.1:{web}"
        try:
            start(weir, "serve", "--config", config)
            start("prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
                  f"--web.listen-address=127.0.0.1:{web}", "--log.level=error")
            until = time.monotonic() + 30
            while get(f"http://127.0.0.1:{http}/-/ready")[0] != 200 or get(f"{prometheus}/-/ready")[0] != 200:
                if time.monotonic() > until or any(child.poll() is not None for child in started):
                    raise RuntimeError("Weir or Prometheus did not become ready")
                time.sleep(0.2)
            start(weir, "generate", scenario, "--to", f"127.0.0.1:{udp}", "--duration", "0")
            until = time.monotonic() + LONGEST_WAIT_S
            while not ask(prometheus, "weir_contract_bandwidth_bytes_per_second"):
                if time.monotonic() > until or any(child.poll() is not None for child in started):
                    raise RuntimeError("no minute was closed")
                time.sleep(1)
            time.sleep(AFTER_CLOSING_S)
            bad, asked, empty = problems(prometheus)
        except RuntimeError as error:
            log.seek(0)
            print(f"dashboards_live: {error}\n{log.read()[-3000:]}")
            return 1
        finally:
            for child in reversed(started):
                child.terminate()
            for child in started:
                try:
                    child.wait(15)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
            log.close()
    for each in bad:
        print(f"  {each}")
    print(f"dashboards_live: {asked} queries, {len(empty)} without data, {len(bad)} problems")
    return 1 if bad or not asked else 0


if __name__ == "__main__":
    sys.exit(main())
