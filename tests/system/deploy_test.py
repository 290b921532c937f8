#!/usr/bin/env python3
"""Files that start Weir's surroundings: the tools whose configuration they are take them, what they
name exists, and ports and paths agree with one another."""

import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"


def read(path):
    return yaml.safe_load((ROOT / path).read_text())


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True)


COMPOSE = read("deploy/compose.yaml")
SERVICES = COMPOSE["services"]
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()


def mounts(service):
    """Where in the container, to what on the outside."""
    return {parts[1]: parts[0] for parts in (each.split(":") for each in SERVICES[service].get("volumes", []))}


def option(service, name):
    return next(word.split("=", 1)[1] for word in SERVICES[service]["command"] if word.startswith(f"--{name}="))


class Deploy(unittest.TestCase):
    def test_promtool_and_amtool_take_them(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            shutil.copy(DEPLOY / "prometheus.yml", folder)
            (folder / "rules").mkdir()
            for path in (ROOT / "dashboards/rules").glob("*.yaml"):
                shutil.copy(path, folder / "rules")
            result = run("promtool", "check", "config", folder / "prometheus.yml")
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            self.assertIn("2 rule files found", result.stdout)
        result = run("amtool", "check-config", DEPLOY / "alertmanager.yml")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_routes_go_by_severity_and_audience(self):
        for severity, audience, receiver in (("critical", "noc", "pager"), ("warning", "noc", "noc"), ("info", "noc", "noc"),
                                             ("critical", "billing", "billing"), ("warning", "sales", "sales"),
                                             ("critical", "planning", "planning")):
            result = run("amtool", "config", "routes", "test", f"--config.file={DEPLOY / 'alertmanager.yml'}",
                         "alertname=WeirX", f"severity={severity}", f"audience={audience}")
            self.assertEqual(result.stdout.strip(), receiver, f"{severity} {audience}: {result.stderr}")

    def test_the_inhibitions_of_the_guide_are_those_in_force(self):
        block = re.search(r"```yaml\n(inhibit_rules:.*?)```", (ROOT / "docs/monitoring.md").read_text(), re.DOTALL)[1]
        self.assertEqual(yaml.safe_load(block)["inhibit_rules"], read("deploy/alertmanager.yml")["inhibit_rules"])

    def test_what_compose_mounts_and_builds_exists(self):
        volumes = set()
        for service in SERVICES:
            for outside in mounts(service).values():
                if outside.startswith("."):
                    self.assertTrue((DEPLOY / outside).exists(), f"{service}: {outside}")
                else:
                    volumes.add(outside)
        self.assertEqual(volumes, set(COMPOSE["volumes"]))
        build = SERVICES["weir"]["build"]
        self.assertEqual((DEPLOY / build["context"]).resolve(), ROOT)
        self.assertTrue((ROOT / build["dockerfile"]).is_file())
        self.assertEqual(SERVICES["routers"]["image"], SERVICES["weir"]["image"])

    def test_images_have_a_version(self):
        for name, service in SERVICES.items():
            self.assertRegex(service["image"], r":(local|v?\d+\.\d+\.\d+)$", name)

    def test_ports_and_paths_of_weir_agree(self):
        config = read("deploy/compose-weir.yaml")
        listens = {f"{each['udp'].rsplit(':', 1)[1]}/udp" for each in config["listen"]}
        http = config["http"]["listen"].rsplit(":", 1)[1]
        exposed = set(re.search(r"^EXPOSE (.*)$", DOCKERFILE, re.MULTILINE)[1].split())
        self.assertEqual(exposed, listens | {f"{http}/tcp"})
        published = {f"{each.split('/')[0].rsplit(':', 1)[1]}/{'udp' if each.endswith('/udp') else 'tcp'}"
                     for each in SERVICES["weir"]["ports"]}
        self.assertEqual(published, exposed)
        self.assertIn(f"http://127.0.0.1:{http}/-/ready", DOCKERFILE)
        self.assertIn(SERVICES["routers"]["command"][3].rsplit(":", 1)[1] + "/udp", listens)

        inside = mounts("weir")
        command = re.search(r"^CMD \[(.*)\]$", DOCKERFILE, re.MULTILINE)[1]
        self.assertIn('"/etc/weir/weir.yaml"', command)
        self.assertEqual(inside["/etc/weir/weir.yaml"], "./compose-weir.yaml")
        self.assertIn(f"/etc/weir/{config['contracts']}", inside)
        for path in (config["state"], config["ledger"]["url"].removeprefix("sqlite:")):
            self.assertTrue(path.startswith("/var/lib/weir/"), path)
        self.assertIn("VOLUME /var/lib/weir", DOCKERFILE)
        self.assertEqual(inside["/var/lib/weir"], "weir")

    def test_http_is_published_on_loopback_alone(self):
        for name, service in SERVICES.items():
            for port in service.get("ports", []):
                if not port.endswith("/udp"):
                    self.assertTrue(port.startswith("127.0.0.1:"), f"{name}: {port}")

    def test_weir_in_the_container_has_the_routers_of_the_example(self):
        example, inside = read("examples/backbone/weir.yaml"), read("deploy/compose-weir.yaml")
        for key in ("exporters", "contracts", "accounting"):
            self.assertEqual(inside[key], example[key], key)

    def test_prometheus_alertmanager_and_grafana_find_one_another(self):
        prometheus = read("deploy/prometheus.yml")
        self.assertEqual([(job["job_name"], job["static_configs"][0]["targets"]) for job in prometheus["scrape_configs"]],
                         [("weir", ["weir:10055"])])
        target = prometheus["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"][0]
        self.assertIn(f"127.0.0.1:9093:{target.split(':')[1]}", SERVICES[target.split(":")[0]]["ports"])
        self.assertEqual(mounts("prometheus")[option("prometheus", "config.file")], "./prometheus.yml")
        self.assertEqual(mounts("prometheus")["/etc/prometheus/rules"], "../dashboards/rules")
        self.assertEqual(prometheus["rule_files"], ["rules/*.yaml"])
        self.assertIn(option("prometheus", "storage.tsdb.path"), mounts("prometheus"))
        self.assertEqual(mounts("alertmanager")[option("alertmanager", "config.file")], "./alertmanager.yml")
        self.assertIn(option("alertmanager", "storage.path"), mounts("alertmanager"))

        source = read("deploy/grafana-datasource.yaml")["datasources"][0]
        self.assertEqual(source["url"], "http://prometheus:9090")
        self.assertEqual(source["jsonData"]["timeInterval"], prometheus["global"]["scrape_interval"])
        boards = read("dashboards/provisioning/dashboards.yaml")["providers"][0]["options"]["path"]
        self.assertEqual(mounts("grafana")[boards], "../dashboards/grafana")

    def test_the_runtime_image_has_the_packages_of_the_libraries(self):
        """Each -dev package of a shared library that is linked has its counterpart."""
        for library in ("boost-json", "date-tz", "fmt", "pcap", "protobuf", "snappy", "soci-core", "soci-postgresql",
                        "soci-sqlite3", "spdlog", "ssl", "stdc\\+\\+", "xxhash", "yaml-cpp"):
            self.assertRegex(DOCKERFILE.split("FROM debian:12\n")[1], rf"\blib{library}[0-9.v-]*", library)

    def test_stack_says_what_is_wrong_with_its_arguments(self):
        stack = ROOT / "scripts/stack"
        for arguments, words in ((["--weir", "nonsense"], "is not HOST:PORT"), (["--prometheus-port", "x"], "is not a port"),
                                 (["--other"], "unknown argument"), (["--weir"], "wants a value")):
            result = run(stack, *arguments)
            self.assertEqual(result.returncode, 2)
            self.assertIn(words, result.stderr)
        self.assertIn("Usage: scripts/stack", run(stack, "--help").stdout)

    def test_stack_replaces_the_names_that_prometheus_is_given(self):
        names = re.findall(r'"([a-z]+:\d+)"', (DEPLOY / "prometheus.yml").read_text())
        self.assertEqual(names, ["alertmanager:9093", "weir:10055"])
        text = (ROOT / "scripts/stack").read_text()
        for name in names:
            self.assertIn(f's/\\"{name}\\"/', text)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=1))
