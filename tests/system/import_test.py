#!/usr/bin/env python3
"""`weir import` from outside: files, standard input, and servers that are good, slow, endless or
wrong, over HTTP and TLS. Whatever fails leaves the contracts file as it was, byte for byte.

    import_test.py WEIR

Standard library, and openssl for the certificates. All traffic stays on 127.0.0.1.
"""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from http_source import Answers, HttpSource
from running import judge, need

CONFIG = """listen: [{udp: "127.0.0.1:0"}]
exporters: {routers: [{address: 192.0.2.1, name: edge1, interfaces: [{index: 1, role: customer}]}]}
contracts: contracts.yaml
"""


def contract(number, **more):
    return {"id": f"C{number}", "committed": "1G", "attach": [{"exporter": "edge1", "interface": number}], **more}


GOOD = json.dumps([contract(number) for number in range(1, 21)]).encode()


class AsThePathSays(Answers):
    """What each path answers; the server's `seen` keeps the headers that came."""

    def answer(self, body, status=200, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers)))
        with contextlib.suppress(OSError):
            self.serve(self.path.partition("?")[0])

    def serve(self, path):
        if path == "/good":
            self.answer(GOOD, Content_Type="application/json; charset=utf-8")
        elif path == "/good.json":
            self.answer(GOOD)
        elif path == "/unnamed":
            self.answer(GOOD)
        elif path == "/error":
            self.answer(GOOD, status=500)
        elif path == "/missing":
            self.answer(b"", status=404)
        elif path == "/loop":
            self.answer(b"", status=302, Location="/loop")
        elif path == "/moved":
            self.answer(b"", status=301, Location="good")
        elif path == "/elsewhere":
            self.answer(b"", status=307, Location=self.server.elsewhere)
        elif path == "/file":
            self.answer(b"", status=302, Location="file:///etc/passwd")
        elif path == "/zipped":
            self.answer(GOOD, Content_Type="application/json", Content_Encoding="gzip")
        elif path == "/short":
            self.send_response(200)
            self.send_header("Content-Length", str(len(GOOD)))
            self.end_headers()
            self.wfile.write(GOOD[:-5])
            self.close_connection = True
        elif path == "/unmeasured":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(GOOD)
            self.close_connection = True
        elif path == "/huge":
            self.send_response(200)
            self.send_header("Content-Length", str(65 << 20))
            self.end_headers()
        elif path == "/endless":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            piece = b"10000\r\n" + b" " * 65536 + b"\r\n"
            for _ in range(1100):
                self.wfile.write(piece)
        elif path == "/slow":
            self.send_response(200)
            self.send_header("Content-Length", str(len(GOOD)))
            self.end_headers()
            for byte in GOOD:
                self.wfile.write(bytes([byte]))
                if self.server.stopping.wait(0.2):
                    return
        elif path == "/silent":
            self.server.stopping.wait(30)


def source(certificate=None, elsewhere=""):
    web = HttpSource(AsThePathSays, certificate)
    web.elsewhere = elsewhere
    return web


def make_certificate(folder, name, subject, days):
    """A self-signed certificate and its key in one PEM file."""
    path = folder / f"{name}.pem"
    key = folder / f"{name}.key"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
               "-keyout", str(key), "-out", str(path), "-subj", f"/CN={name}", "-addext", f"subjectAltName={subject}"]
    subprocess.run([*command, "-days", str(days)], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + key.read_bytes())
    return path


def make_expired(folder):
    """An authority, and a certificate of it that ended long ago."""
    path = folder / "expired.pem"
    (folder / "index.txt").write_text("")
    (folder / "serial").write_text("01\n")
    (folder / "ca.cnf").write_text(f"""[ca]
default_ca = it
[it]
dir = {folder}
database = {folder}/index.txt
new_certs_dir = {folder}
serial = {folder}/serial
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
""")
    authority = make_certificate(folder, "authority", "DNS:authority", 30)
    request, key = folder / "expired.csr", folder / "expired.key"
    subprocess.run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(key),
                    "-out", str(request), "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
                   check=True, capture_output=True)
    subprocess.run(["openssl", "ca", "-batch", "-config", str(folder / "ca.cnf"), "-cert", str(authority), "-keyfile",
                    str(folder / "authority.key"), "-in", str(request), "-out", str(path), "-notext", "-startdate",
                    "20200101000000Z", "-enddate", "20200201000000Z"], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + key.read_bytes())
    return path, authority


class Program:
    def __init__(self, weir, folder):
        self.weir, self.folder = weir, folder
        self.config, self.target = folder / "weir.yaml", folder / "contracts.yaml"
        self.config.write_text(CONFIG)

    def run(self, source, *more, code=0, text=None):
        done = subprocess.run([self.weir, "import", "--config", self.config, source, *map(str, more)],
                              input=text, capture_output=True, timeout=60)
        need(done.returncode == code, f"{source} {more}: exit {done.returncode} instead of {code}: "
             f"{done.stdout.decode()[-300:]} {done.stderr.decode()[-500:]}")
        return done.stdout.decode(), done.stderr.decode()

    def fails(self, source, *more, code=1, saying="", text=None):
        """The exit code and the reason; nothing in the folder is another afterwards."""
        before = self.state()
        _, err = self.run(source, *more, code=code, text=text)
        need(saying in err, f"{source} {more}: {saying!r} is not in {err!r}")
        need(self.state() == before, f"{source} {more}: a failed import changed a file")

    def state(self):
        return {path.name: (path.read_bytes(), path.stat().st_mode, path.stat().st_ino)
                for path in sorted(self.folder.iterdir()) if path.is_file()}


def check_files(program):
    folder, target = program.folder, program.target
    source = folder / "crm.json"
    source.write_bytes(GOOD)
    out, _ = program.run(source, "--dry-run")
    need(out.endswith("20 added, 0 removed, 0 changed; 20 contracts, 0 before\n"), out)
    need(not target.exists(), "a dry run wrote a file")
    program.run(source)
    need(not (folder / "contracts.yaml.previous").exists(), "a backup of nothing")
    subprocess.run([program.weir, "check", program.config], check=True, capture_output=True)

    before = program.state()
    out, _ = program.run(source)
    need(out == "no change, 20 contracts\n", out)
    need(program.state() == before, "an import without change wrote")

    # Through a link, with a mode of its own; the order of the source is no change.
    os.chmod(target, 0o640)
    real = folder / "real.yaml"
    target.rename(real)
    target.symlink_to("real.yaml")
    old = real.read_bytes()
    changed = [contract(number) for number in range(21, 1, -1)]
    changed[5].update(committed="2.5G", customer="=cmd|' /C calc'!A0")
    source.write_text(json.dumps({"contracts": changed}))
    out, err = program.run(source)
    need(out == "- C1  1G\n    - exporter edge1 interface 1\n"
                "~ C16\n    customer: (none) -> =cmd|' /C calc'!A0\n    committed: 1G -> 2.5G\n"
                "+ C21  1G\n    + exporter edge1 interface 21\n"
                "1 added, 1 removed, 1 changed; 20 contracts, 20 before\n", out)
    need("begins like a formula" in err, err)
    need(target.is_symlink() and real.stat().st_mode & 0o777 == 0o640, "the link or the mode is lost")
    need((folder / "real.yaml.previous").read_bytes() == old, "the backup is not the old file")
    out, _ = program.run(source, "--diff-format", "json", "--dry-run")
    need(json.loads(out) == {"before": 20, "after": 20, "added": [], "removed": [], "changed": []}, out)
    target.unlink()
    real.rename(target)

    # To CSV and back through standard input.
    program.run(source, "--output", folder / "contracts.csv")
    text = (folder / "contracts.csv").read_bytes()
    out, _ = program.run("-", "--format", "csv", text=text)
    need(out == "no change, 20 contracts\n", out)

    program.fails("-", text=GOOD, code=2, saying="--format")
    program.fails("-", "--format", "json", text=GOOD[:-1], code=2, saying="the JSON ends too early")
    program.fails("-", "--format", "json", text=b"[" * 10_000_000, code=2, saying="nested deeper")
    program.fails("-", "--format", "json", text=b"[]", code=2, saying="20 of 20 contracts would vanish")
    program.fails("-", "--format", "json", text=json.dumps(changed[:17]).encode(), code=2, saying="--allow-removals 3")
    program.fails("-", "--format", "yaml", text=b"\xff", code=2, saying="UTF-8")
    program.fails("-", "--format", "csv", text=b'id,committed,as\nA,"1G,1\n', code=2, saying="never closed")
    program.fails("-", "--format", "json", code=2, saying="which is not configured",
                  text=json.dumps([contract(1, attach=[{"exporter": "edge9", "interface": 1}])]).encode())
    program.fails(folder / "nowhere.json", saying="cannot read the source")
    program.fails(folder, "--format", "json", saying="cannot read the source")
    program.fails(source, "--allow-removals", "200%", code=2, saying="--allow-removals")
    program.fails(source, "--header", "Host: x", code=2, saying="set by the request")
    out, _ = program.run("-", "--format", "json", "--allow-removals", "3", "--dry-run", text=json.dumps(changed[:17]).encode())
    need("3 removed" in out, out)
    good = target.read_bytes()
    target.write_text("- id: broken\n")
    program.fails(source, code=2, saying="mend the file")
    target.write_bytes(good)


def check_http(program):
    with source() as other, source(elsewhere=f"http://127.0.0.1:{other.server_port}/good") as web:
        base = f"http://127.0.0.1:{web.server_port}"
        secrets = program.folder / "headers"
        secrets.write_text("# for the CRM\nAuthorization: Bearer sesame\n")
        for path in ("/good?page=1", "/good.json", "/moved"):
            out, _ = program.run(base + path, "--dry-run", "--header-file", secrets, "--header", "X-Who: weir")
            need("1 added, 1 removed, 1 changed" in out, out)
        for path, headers in web.seen:
            need((headers.get("Authorization"), headers.get("X-Who")) == ("Bearer sesame", "weir"), f"{path}: {headers}")
        program.run(base + "/elsewhere", "--dry-run", "--header-file", secrets)
        need("Authorization" in web.seen[-1][1] and "Authorization" not in other.seen[-1][1],
             "a header went to another server")
        bad = {"/error": "status 500", "/missing": "status 404", "/loop": "more than 5 redirects",
               "/file": "neither http nor https", "/zipped": "compressed", "/short": "cut short",
               "/unmeasured": "length", "/huge": "larger", "/endless": "larger"}
        for path, reason in bad.items():
            program.fails(base + path, "--format", "json", saying=reason)
        for path in ("/slow", "/silent"):
            program.fails(base + path, "--format", "json", "--timeout", 1, saying="in time")
        program.fails(base + "/unnamed", code=2, saying="--format")
        port = web.server_port
    program.fails(f"http://127.0.0.1:{port}/good", saying="refused")
    program.fails("http://user:word@127.0.0.1/", code=2, saying="user name")


def check_tls(program):
    folder = program.folder / "tls"
    folder.mkdir()
    good = make_certificate(folder, "good", "IP:127.0.0.1", 30)
    wrong = make_certificate(folder, "wrong", "DNS:crm.example.com", 30)
    expired, authority = make_expired(folder)
    with source(good) as web:
        url = f"https://127.0.0.1:{web.server_port}/good"
        out, _ = program.run(url, "--dry-run", "--ca", good)
        need("1 added, 1 removed, 1 changed" in out, out)
        program.fails(url, saying="certificate is not accepted")
        program.fails(url, "--ca", folder / "nothing.pem", code=2, saying="--ca")
        program.fails(f"http://127.0.0.1:{web.server_port}/good", "--timeout", 5)
        with source(elsewhere=url) as plain:
            program.run(f"http://127.0.0.1:{plain.server_port}/elsewhere", "--dry-run", "--ca", good)
            program.fails(f"https://127.0.0.1:{plain.server_port}/good", "--ca", good, saying="TLS fails")
            web.elsewhere = f"http://127.0.0.1:{plain.server_port}/good"
            program.fails(f"https://127.0.0.1:{web.server_port}/elsewhere", "--ca", good, saying="from https to http")
    with source(wrong) as web:
        program.fails(f"https://127.0.0.1:{web.server_port}/good", "--ca", wrong, saying="certificate is not one of 127.0.0.1")
    with source(expired) as web:
        program.fails(f"https://127.0.0.1:{web.server_port}/good", "--ca", authority, saying="expired")


def main():
    with tempfile.TemporaryDirectory() as folder:
        program = Program(sys.argv[1], pathlib.Path(folder))
        check_files(program)
        check_http(program)
        check_tls(program)
    print("import: good")


if __name__ == "__main__":
    judge(main)
