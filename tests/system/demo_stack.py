"""The demo as a running stack: `weir serve` on the example backbone, `weir generate` that plays its
routers, and a Prometheus that scrapes it with the rules of the tree. All on 127.0.0.0/8 and ports of
its own, in a folder that goes when the stack stops. Standard library only."""

import json
import re
import shutil
import socket
import tempfile
import time
import urllib.parse
from pathlib import Path

import running
from running import Wrong, free_port, get

ROOT = Path(__file__).resolve().parents[2]
LONGEST_WAIT_S = 240  # the first minute closes lateness and a minute after the start


def ask(prometheus, expr):
    """The answer's series, or the words of a refusal."""
    status, body = get(f"{prometheus}/api/v1/query?{urllib.parse.urlencode({'query': expr})}")
    return json.loads(body)["data"]["result"] if status == 200 else f"{status}: {body[:200]}"


def backbone(folder, udp, http):
    """A copy of the example backbone with ports and files of its own."""
    copy = folder / "backbone"
    shutil.copytree(ROOT / "examples/backbone", copy)
    config = copy / "weir.yaml"
    text = config.read_text()
    text = re.sub(r"^listen:\n(?:  - .*\n)+", f'listen: [{{udp: "127.0.0.1:{udp}"}}]\n', text, flags=re.MULTILINE)
    text = re.sub(r"^ledger:.*$", f'ledger: {{url: "sqlite:{folder}/weir.db"}}', text, flags=re.MULTILINE)
    text = re.sub(r"^state:.*$", f"state: {folder}/state", text, flags=re.MULTILINE)
    text = re.sub(r"^http:.*$", f'http: {{listen: "127.0.0.1:{http}"}}', text, flags=re.MULTILINE)
    config.write_text(re.sub(r"lateness: auto", "lateness: 20s", text))
    return config, copy / "scenario.yaml"


class DemoStack:
    """Runs while it is entered. `prometheus` is the address to ask. Raises RuntimeError, with the end
    of the programs' log, where one of them does not come up or ends."""

    def __init__(self, weir):
        self.weir = Path(weir).resolve()
        self.started = []

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = Path(self.temporary.name)
        self.log = self.folder / "log"
        try:
            self.begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        running.end(self.started, 15)
        self.temporary.cleanup()

    def start(self, *command):
        self.started.append(running.start(self.log, *command, cwd=self.folder))

    def begin(self):
        udp, http, web = (free_port(socket.SOCK_DGRAM), free_port(), free_port())
        config, scenario = backbone(self.folder, udp, http)
        rules = [str(path) for path in sorted((ROOT / "dashboards/rules").glob("*.yaml"))]
        (self.folder / "prometheus.yml").write_text(
            "global: {scrape_interval: 2s, evaluation_interval: 2s}\n"
            f"rule_files: {json.dumps(rules)}\n"
            "scrape_configs:\n- job_name: weir\n  static_configs:\n"
            f"  - targets: ['127.0.0.1:{http}']\n")
        self.prometheus = f"http://127.0.0.1:{web}"
        self.start(self.weir, "serve", "--config", config)
        self.start("prometheus", f"--config.file={self.folder}/prometheus.yml",
                   f"--storage.tsdb.path={self.folder}/tsdb", f"--web.listen-address=127.0.0.1:{web}",
                   "--log.level=error")
        self.wait(30, 0.2, "Weir and Prometheus are ready",
                  lambda: get(f"http://127.0.0.1:{http}/-/ready")[0] == 200
                  and get(f"{self.prometheus}/-/ready")[0] == 200)
        self.start(self.weir, "generate", scenario, "--to", f"127.0.0.1:{udp}", "--duration", "0")

    def wait(self, longest_s, pause_s, what, is_so):
        try:
            running.until(is_so, what, longest_s, children=self.started, pause_s=pause_s,
                          report=lambda: f"\n{self.log.read_text()[-3000:]}")
        except Wrong as wrong:
            raise RuntimeError(str(wrong)) from wrong

    def wait_for_a_closed_minute(self, then_s):
        """Then `then_s` more, for scrapes and the rules on top of them."""
        self.wait(LONGEST_WAIT_S, 1, "a minute has closed",
                  lambda: ask(self.prometheus, "weir_contract_bandwidth_bytes_per_second"))
        time.sleep(then_s)
