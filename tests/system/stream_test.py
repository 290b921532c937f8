#!/usr/bin/env python3
"""IPFIX over TCP and TLS, into the real collector.

    stream_test.py WEIR [FIXBUF_EXPORTER]

Several exporters at once with one template id and layouts of their own, withdrawals, broken and
foreign streams, TLS with and without the right certificate, and libfixbuf as a real exporter where
it was built. Exit status 0 when all holds. Standard library and the openssl program; traffic stays on
127.0.0.0/8.
"""

import pathlib
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading

from running import Wrong, free_port, need
from serve_test import Collector, totals_of

ROUTERS = (("s1", "127.1.0.21"), ("s2", "127.1.0.22"), ("s3", "127.1.0.23"), ("fixbuf", "127.0.0.1"))
CONTRACTS = "".join(f"- {{id: {name.upper()}, committed: 1G, attach: [{{exporter: {name}, interface: 1}}]}}\n"
                    for name, _ in ROUTERS)
OCTETS, PACKETS, INGRESS = 1, 2, 10


def config_text(folder, tcp, tls, http):
    routers = "".join(f"    - {{address: {address}, name: {name}}}\n" for name, address in ROUTERS)
    return (f'listen:\n  - {{tcp: "127.0.0.1:{tcp}"}}\n'
            f'  - {{tls: "127.0.0.1:{tls}", certificate: own.pem, key: own.key, client_ca: ca.pem}}\n'
            f'workers: 1\naccounting: {{layer: ip}}\nexporters:\n  allow: [127.1.0.0/24, 127.0.0.1]\n'
            f'  sampling: unsampled\n  routers:\n{routers}contracts: contracts.yaml\nstate: {folder}/state\n'
            f'http: {{listen: "127.0.0.1:{http}"}}\n')


def make_certificates(folder):
    """Two authorities, the collector's certificate, and a client's of each authority."""
    def run(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True, timeout=60)
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    for authority in ("ca", "stranger-ca"):
        run("req", "-x509", *key, "-days", "2", "-subj", f"/CN={authority}", "-keyout", f"{authority}.key", "-out", f"{authority}.pem")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    for name, authority in (("own", "ca"), ("client", "ca"), ("stranger", "stranger-ca")):
        run("req", *key, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        run("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key",
            "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", f"{name}.pem")


def flow_set(number, body):
    return struct.pack("!HH", number, 4 + len(body)) + body


def message(sequence, *sets):
    body = b"".join(sets)
    return struct.pack("!HHIII", 10, 16 + len(body), 1_700_000_000, sequence, 1) + body


def template(*elements):
    return flow_set(2, struct.pack("!HH", 256, len(elements)) + b"".join(struct.pack("!HH", one, 4) for one in elements))


def record(elements, octets):
    values = {OCTETS: octets, PACKETS: 1, INGRESS: 1}
    return flow_set(256, b"".join(struct.pack("!I", values[one]) for one in elements))


def connect(port, source):
    return socket.create_connection(("127.0.0.1", port), timeout=20, source_address=(source, 0))


def connect_tls(port, source, folder, certificate):
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    if certificate:
        context.load_cert_chain(folder / f"{certificate}.pem", folder / f"{certificate}.key")
    return context.wrap_socket(connect(port, source), server_hostname="127.0.0.1")


def is_closed_by_peer(connection):
    try:
        return connection.recv(1) == b""
    except OSError:
        return True


def stream_value(collector, name, kind, **labels):
    return sum(value for found, value in collector.metrics()[f"weir_stream_{name}"]
               if found["listen"].startswith(kind + " ") and all(found[key] == want for key, want in labels.items()))


def several_at_once(collector, tcp):
    """One template id, another layout for each; written in pieces that meet no boundary."""
    layouts = ((OCTETS, PACKETS, INGRESS), (INGRESS, OCTETS, PACKETS), (PACKETS, INGRESS, OCTETS))
    count = 500

    def export(source, elements, step):
        with connect(tcp, source) as connection:
            stream = message(0, template(*elements)) + b"".join(
                message(number, record(elements, 1000 + number)) for number in range(count))
            for at in range(0, len(stream), step):
                connection.sendall(stream[at:at + step])
    threads = [threading.Thread(target=export, args=(ROUTERS[i][1], layouts[i], (13, 1000, 70_000)[i])) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    want = {(name, "from_customer"): sum(range(1000, 1000 + count)) for name in ("S1", "S2", "S3")}
    collector.until(lambda: totals_of(collector.metrics()) == want, f"bytes of three connections: {want}")
    need(stream_value(collector, "messages_total", "tcp") == 3 * (count + 1), "every message is counted")
    collector.until(lambda: stream_value(collector, "ended_connections_total", "tcp", reason="peer") == 3, "three orderly ends")
    lost = [one for one in collector.metrics()["weir_exporter_lost_total"] if one[1]]
    need(not lost, f"lost: {lost}")
    print("three connections with one template id and layouts of their own count to the byte")
    return want


def broken_streams(collector, tcp):
    with connect(tcp, "127.1.0.21") as web:
        web.sendall(b"GET / HTTP/1.0\r\n\r\n")
        need(is_closed_by_peer(web), "what is not IPFIX is closed")
    with connect(tcp, "127.1.0.21") as malformed:
        malformed.sendall(message(0, template(OCTETS)) + message(0, struct.pack("!HH", 256, 3)))
        need(is_closed_by_peer(malformed), "a malformed message is closed")
    with connect(tcp, "127.9.0.1") as stranger:
        need(is_closed_by_peer(stranger), "a source outside allow is closed")
    with connect(tcp, "127.1.0.21") as cut:
        cut.sendall(message(0, template(OCTETS, PACKETS))[:20])
    ended = lambda reason: stream_value(collector, "ended_connections_total", "tcp", reason=reason)
    collector.until(lambda: [ended(reason) for reason in ("bad_version", "malformed", "cut_short")] == [1, 1, 1], "each end by its reason")
    need(stream_value(collector, "refused_connections_total", "tcp", reason="not_allowed") == 1, "the stranger is counted")
    print("broken, foreign and cut streams are closed and counted by reason")


def withdrawals(collector, tcp, want):
    elements = (OCTETS, PACKETS, INGRESS)
    with connect(tcp, "127.1.0.21") as connection:
        connection.sendall(message(0, template(*elements), record(elements, 5)) +
                           message(1, flow_set(2, struct.pack("!HH", 256, 0))) +
                           message(1, template(INGRESS, OCTETS), flow_set(256, struct.pack("!II", 1, 7))))
        want["S1", "from_customer"] += 12
        collector.until(lambda: totals_of(collector.metrics()) == want, "a withdrawn template is taught anew")
    print("a template that is withdrawn and taught anew reads by its new layout")


def tls_clients(collector, tls, folder, want):
    elements = (OCTETS, PACKETS, INGRESS)
    with connect_tls(tls, "127.1.0.22", folder, "client") as connection:
        connection.sendall(message(0, template(*elements), record(elements, 9)))
        want["S2", "from_customer"] += 9
        collector.until(lambda: totals_of(collector.metrics()) == want, "bytes over TLS")
    for certificate in (None, "stranger"):
        try:
            with connect_tls(tls, "127.1.0.22", folder, certificate) as connection:
                connection.sendall(message(0, template(*elements), record(elements, 9)))
                need(is_closed_by_peer(connection), f"TLS with certificate {certificate} is closed")
        except OSError:
            pass  # refused in the handshake
    collector.until(lambda: stream_value(collector, "refused_connections_total", "tls", reason="handshake") == 2, "two refused handshakes")
    need(totals_of(collector.metrics()) == want, "nothing of the refused counts")
    need(stream_value(collector, "connections_total", "tls") == 1, "one accepted")
    print("TLS: the right certificate is heard; none and another authority's are refused")


def relay_into_tls(listener, tls, folder):
    """What a tunnel does for an exporter without TLS: one connection, passed on inside TLS."""
    with listener.accept()[0] as plain, connect_tls(tls, "127.0.0.1", folder, "client") as inside:
        while block := plain.recv(65536):
            inside.sendall(block)


def real_exporter(collector, exporter, tcp, tls, folder, want):
    def export(port):
        done = subprocess.run([exporter, "127.0.0.1", str(port), "1", "10000"], capture_output=True, text=True, timeout=60)
        need(done.returncode == 0, f"libfixbuf: {done.stderr}")
        want["FIXBUF", "from_customer"] = want.get(("FIXBUF", "from_customer"), 0) + 10_000_000
        collector.until(lambda: totals_of(collector.metrics()) == want, f"libfixbuf: {totals_of(collector.metrics())}, not {want}")
    export(tcp)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        relay = threading.Thread(target=relay_into_tls, args=(listener, tls, folder))
        relay.start()
        export(listener.getsockname()[1])
        relay.join()
    lost = [one for one in collector.metrics()["weir_exporter_lost_total"] if one[1]]
    need(not lost, f"lost: {lost}")
    print("libfixbuf over TCP, and through a tunnel over TLS, counts to the byte")


def mistakes(collector, folder):
    def serve(text):
        (folder / "mistake.yaml").write_text(text)
        return subprocess.run([collector.weir, "serve", "--config", folder / "mistake.yaml"], capture_output=True, text=True, timeout=30)
    good = config_text(folder, 0, 0, 0)
    done = serve(good.replace("own.key", "nowhere.key"))
    need(done.returncode == 1 and "nowhere.key" in done.stderr and "cannot read the key" in done.stderr, f"no key: {done}")
    done = serve(good.replace("own.key", "client.key"))
    need(done.returncode == 1 and "cannot use the key" in done.stderr, f"another's key: {done}")
    (folder / "open.yaml").write_text(good.replace(", client_ca: ca.pem", ""))
    done = subprocess.run([collector.weir, "check", folder / "open.yaml"], capture_output=True, text=True, timeout=30)
    need(done.returncode == 0 and "warning" in done.stderr and "client_ca" in done.stderr, f"check of TLS for anybody: {done}")
    need("tls 127.0.0.1:0 (any client)" in done.stdout and "tcp 127.0.0.1:0 (plain)" in done.stdout, f"check prints listeners: {done.stdout}")
    print("mistakes with certificates are answered with a sentence")


def main():
    weir = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="weir-stream-") as name:
        folder = pathlib.Path(name)
        (folder / "contracts.yaml").write_text(CONTRACTS)
        make_certificates(folder)
        try:
            collector = Collector(weir, folder)
            tcp, tls = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_STREAM)
            collector.config.write_text(config_text(folder, tcp, tls, collector.http))
            with collector:
                want = several_at_once(collector, tcp)
                broken_streams(collector, tcp)
                withdrawals(collector, tcp, want)
                tls_clients(collector, tls, folder, want)
                if len(sys.argv) > 2:
                    real_exporter(collector, sys.argv[2], tcp, tls, folder, want)
                else:
                    print("libfixbuf is not installed: no real exporter")
                mistakes(collector, folder)
                with connect(tcp, "127.1.0.21") as waiting:
                    collector.until(lambda: stream_value(collector, "open_connections", "tcp") == 1, "an open connection")
                    collector.process.send_signal(signal.SIGTERM)
                    need(collector.process.wait(20) == 0, f"SIGTERM: exit {collector.process.returncode}")
                    need(is_closed_by_peer(waiting), "an open connection is closed at the end")
                print("SIGTERM ends it with 0, connections and all")
        except Wrong as wrong:
            print(f"WRONG: {wrong}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
