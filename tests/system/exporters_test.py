#!/usr/bin/env python3
"""Real exporters into the real collector, checked against another collector and the packets.

    exporters_test.py WEIR

Writes a capture of plain packets, has pmacctd, softflowd and a user-space Open vSwitch export it
(NetFlow v5 and v9, IPFIX, sFlow), and hands each stream byte for byte to `weir serve` and to
nfcapd or sfcapd. Records, packets and bytes of both and of the capture must agree, in metrics, in
the books and, per IP protocol, in `weir decode`. Exit status 0 when all holds. Standard library
only; traffic stays on 127.0.0.0/8.
"""

import collections
import ipaddress
import json
import os
import pathlib
import re
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

TCP, UDP, ICMP = 6, 17, 1
DEADLINE_SECONDS = 60


class Wrong(Exception):
    pass


def need(condition, text):
    if not condition:
        raise Wrong(text)


def until(condition, what, watched=()):
    """Waits for `condition`; a watched program that ends meanwhile is the reason it never comes."""
    end = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        for program in watched:
            need(program.poll() is None, f"{program.args[0]} ended with {program.returncode} before: {what}")
        time.sleep(0.05)
    raise Wrong(f"not in {DEADLINE_SECONDS} s: {what}")


# ---- packets

Packet = collections.namedtuple("Packet", "family protocol ip_bytes frame")


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def packet(flow, ip_bytes):
    family, protocol, source, destination, ports = flow
    if protocol == TCP:
        transport = struct.pack("!HHIIBBHHH", *ports, 1, 1, 5 << 4, 0x10, 1000, 0, 0)
    elif protocol == UDP:
        transport = struct.pack("!HHHH", *ports, ip_bytes - (20 if family == 4 else 40), 1)
    else:
        transport = struct.pack("!BBHHH", 8, 0, 0, 1, 1)
    if family == 4:
        head = struct.pack("!BBHHHBBH", 0x45, 0, ip_bytes, 1, 0, 64, protocol, 0) + source.packed + destination.packed
        head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    else:
        head = struct.pack("!IHBB", 6 << 28, ip_bytes - 40, protocol, 64) + source.packed + destination.packed
    ethernet = bytes.fromhex("020000000002" "020000000001") + struct.pack("!H", 0x0800 if family == 4 else 0x86dd)
    body = head + transport
    return Packet(family, protocol, ip_bytes, ethernet + body + bytes(ip_bytes - len(body)))


def make_packets():
    """60 flows of 5 to 24 packets, interleaved, of sizes from 64 to 1,400 bytes."""
    flows = []
    for i in range(60):
        family = 6 if i % 5 >= 3 else 4
        protocol = (TCP, UDP, ICMP, TCP, UDP)[i % 5]
        network = "10.20.0.0" if family == 4 else "2001:db8:20::"
        source = ipaddress.ip_address(network) + 1 + i
        destination = ipaddress.ip_address("203.0.113.0" if family == 4 else "2001:db8:99::") + 1 + i
        flows.append((family, protocol, source, destination, (20000 + i, 443)))
    packets = []
    for turn in range(24):
        for i, flow in enumerate(flows):
            if turn < 5 + i % 20:
                packets.append(packet(flow, 64 + (turn * 397 + i * 53) % 1337))
    return packets


def write_pcap(path, frames):
    """Ethernet frames, a millisecond apart, the last one now."""
    begin = time.time() - 0.001 * len(frames)
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for number, frame in enumerate(frames):
            stamp = begin + 0.001 * number
            file.write(struct.pack("<IIII", int(stamp), int(stamp % 1 * 1e6), len(frame), len(frame)) + frame)


def datagram_frame(source, payload, port):
    """A datagram as it would be met on a tap, for `weir decode`."""
    udp = struct.pack("!HHHH", 50000, port, 8 + len(payload), 0) + payload
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, UDP, 0)
    head += socket.inet_aton(source) + socket.inet_aton("127.0.0.1")
    return bytes(12) + b"\x08\x00" + head + udp


class Sums(collections.Counter):
    """(family, protocol, "packets" or "bytes") -> amount"""

    def total(self, unit):
        return sum(amount for (_, _, kind), amount in self.items() if kind == unit)


def sums_of(packets):
    sums = Sums()
    for one in packets:
        sums[one.family, one.protocol, "packets"] += 1
        sums[one.family, one.protocol, "bytes"] += one.ip_bytes
    return sums


# ---- processes

def free_port(kind=socket.SOCK_DGRAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def udp_queue(port):
    """Bytes that wait at the local UDP port; None if nobody has it."""
    for line in pathlib.Path("/proc/net/udp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[1].rsplit(":", 1)[1], 16) == port:
            return int(fields[4].split(":")[1], 16)
    return None


class Program:
    """A child in a session of its own, ended with its children whatever happens."""

    def __init__(self, folder, name, command):
        need(shutil.which(command[0]), f"{command[0]} is not installed: run scripts/setup test")
        self.path = folder / f"{name}.log"
        self.log = open(self.path, "w")
        self.process = subprocess.Popen([str(word) for word in command], stdout=self.log, stderr=self.log,
                                        stdin=subprocess.DEVNULL, cwd=folder, start_new_session=True)
        self.args = command

    @property
    def returncode(self):
        return self.process.returncode

    def poll(self):
        return self.process.poll()

    def is_gone(self):
        """It and its children have ended."""
        self.process.poll()
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return True
        return False

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                pass
        if not self.is_gone():
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


class Peer(Program):
    """nfcapd or sfcapd: the other collector of one stream."""

    def __init__(self, folder, name, tool):
        self.port = free_port()
        self.folder = folder / f"{name}.flows"
        self.folder.mkdir()
        super().__init__(folder, name, [tool, "-w", self.folder, "-p", self.port, "-b", "127.0.0.1", "-t", "3600"])
        until(lambda: udp_queue(self.port) is not None, f"{tool} listens", [self])

    def sums(self):
        """Ends it, so that it writes what it has; then its records and their sums."""
        until(lambda: udp_queue(self.port) == 0, "the peer has read its socket", [self])
        self.end()
        done = subprocess.run(["nfdump", "-R", str(self.folder), "-q", "-N", "-o", "fmt:%sa|%pr|%pkt|%byt", "-6"],
                              capture_output=True, text=True, timeout=30)
        need(done.returncode == 0, f"nfdump: {done.stderr}")
        numbers = {"TCP": TCP, "UDP": UDP, "ICMP": ICMP, "ICMP6": 58}
        records, sums = 0, Sums()
        for line in done.stdout.splitlines():
            fields = [field.strip() for field in line.split("|")]
            if len(fields) != 4:
                continue
            records += 1
            family = 6 if ":" in fields[0] else 4
            protocol = numbers.get(fields[1]) or int(fields[1])
            sums[family, protocol, "packets"] += int(fields[2])
            sums[family, protocol, "bytes"] += int(fields[3])
        return records, sums


class Stream:
    """One exporter's datagrams, handed on to the collector and to its peer, and kept."""

    def __init__(self, number, name, peer, collector_port):
        self.name, self.peer = name, peer
        self.address = f"127.2.0.{number}"
        self.inlet = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.inlet.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.inlet.bind(("127.0.0.1", 0))
        self.port = self.inlet.getsockname()[1]
        self.outlet = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.outlet.bind((self.address, 0))
        self.targets = [("127.0.0.1", collector_port), ("127.0.0.1", peer.port)]
        self.datagrams = []

    def hand_on(self):
        payload = self.inlet.recv(65536)
        self.datagrams.append(payload)
        for target in self.targets:
            self.outlet.sendto(payload, target)

    def close(self):
        self.inlet.close()
        self.outlet.close()


class Relay:
    """Hands on what the streams receive, in a thread of its own."""

    def __init__(self, streams):
        self.streams = streams
        self.selector = selectors.DefaultSelector()
        self.stopping = threading.Event()
        for stream in streams:
            self.selector.register(stream.inlet, selectors.EVENT_READ, stream)
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stopping.is_set():
            for key, _ in self.selector.select(0.1):
                key.data.hand_on()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()
        for stream in self.streams:
            stream.close()


class Collector(Program):
    def __init__(self, weir, folder):
        self.weir = weir
        self.udp, self.http = free_port(), free_port(socket.SOCK_STREAM)
        (folder / "contracts.yaml").write_text(
            "- {id: V4, customer: One, service: ip, committed: 1G, attach: [{prefix: 10.20.0.0/16}]}\n"
            "- {id: V6, customer: Two, service: ip, committed: 1G, attach: [{prefix: \"2001:db8:20::/48\"}]}\n")
        config = folder / "weir.yaml"
        # What does not sample does not say so: the operator does. Announced rates win.
        config.write_text(f'listen: [{{udp: "127.0.0.1:{self.udp}"}}]\nworkers: 2\nexporters:\n  allow: [127.0.0.0/8]\n'
                          f"  sampling: {{default: 1}}\naccounting: {{layer: ip}}\n"
                          f'contracts: contracts.yaml\nstate: {folder}/state\nhttp: {{listen: "127.0.0.1:{self.http}"}}\n')
        super().__init__(folder, "weir", [weir, "serve", "--config", config])
        until(lambda: self.get("/-/ready") is not None, "weir is ready", [self])

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{path}", timeout=10) as answer:
                return answer.read().decode()
        except OSError:
            return None

    def metrics(self):
        found = collections.defaultdict(list)
        for line in (self.get("/metrics") or "").splitlines():
            if match := re.match(r"^(\w+)(?:\{(.*)\})? (\S+)$", line):
                labels = dict(re.findall(r'(\w+)="([^"]*)"', match.group(2) or ""))
                found[match.group(1)].append((labels, float(match.group(3))))
        return found

    def of(self, address):
        """What the metrics say of one exporter, summed by name (and label, where it has one of interest)."""
        sums = collections.Counter()
        for name, samples in self.metrics().items():
            for labels, value in samples:
                if labels.get("exporter") != address:
                    continue
                key = name.removeprefix("weir_")
                for label in ("fate", "reason"):
                    if label in labels:
                        key += f" {labels[label]}"
                sums[key] += int(value)
        return sums


def decoded(weir, folder, stream):
    """Records and sums of a stream's datagrams by `weir decode`, apart from any collector, unscaled."""
    path = folder / f"{stream.name}.pcap"
    write_pcap(path, [datagram_frame(stream.address, payload, 2055) for payload in stream.datagrams])
    done = subprocess.run([weir, "decode", "--json", path], capture_output=True, text=True, timeout=60)
    need(done.returncode == 0, f"decode: {done.stderr}")
    records, sums = 0, Sums()
    for line in done.stdout.splitlines():
        record = json.loads(line)
        if record["kind"] != "flow":
            continue
        records += 1
        family = 6 if ":" in record["source_address"] else 4
        sums[family, record["protocol_identifier"], "packets"] += record["packet_delta_count"]
        sums[family, record["protocol_identifier"], "bytes"] += record["octet_delta_count"]
    return records, sums


# ---- what is compared

def flows_of(packets):
    return len({one.frame[14 + (12 if one.family == 4 else 8):][:8 if one.family == 4 else 32] for one in packets})


def all_arrived(collector, stream):
    """The exporter has ended; what it sent is through the relay and counted."""
    return udp_queue(stream.port) == 0 and collector.of(stream.address)["exporter_datagrams_total"] == len(stream.datagrams)


def agree(collector, folder, stream, packets, sampling=1, records=None, frame_overhead=0, has_sequence=True, copies=1):
    """All that is said of a stream must follow from `packets`, those that its exporter counted.

    frame_overhead: what the peer adds to each packet, since it counts frames.
    has_sequence: the exporter numbers its export as its protocol says.
    copies: how often each packet is reported, at its ingress and at each egress; it counts once."""
    want = sums_of(packets)
    records = flows_of(packets) if records is None else records

    until(lambda: stream.datagrams and all_arrived(collector, stream), f"all of {stream.name}", [collector])
    got = collector.of(stream.address)
    need(got["exporter_records_total"] == records, f"{stream.name}: {got['exporter_records_total']} records, {records} exported")
    scaled = want.total("bytes") * sampling
    need(got["reported_bytes_total"] == scaled * copies, f"{stream.name}: {got['reported_bytes_total']} bytes reported, {scaled} passed")
    need(got["bytes_total duplicate"] == scaled * (copies - 1), f"{stream.name}: {got['bytes_total duplicate']} bytes are duplicates")
    need(got["bytes_total attributed"] == scaled, f"{stream.name}: not all attributed: {dict(got)}")
    wrong = {key: value for key, value in got.items() if value and (
        key.startswith("exporter_malformed_total") or key == "exporter_lost_total" and has_sequence)}
    need(not wrong, f"{stream.name}: {wrong}")

    ours, by_decode = decoded(collector.weir, folder, stream)
    by_decode = Sums({key: amount // copies for key, amount in by_decode.items()})
    need((ours, by_decode) == (records, want), f"{stream.name}: decode finds {ours} records, {dict(by_decode)}; exported {dict(want)}")
    theirs, by_peer = stream.peer.sums()
    # nfdump takes the running totals that a record holds besides for its own packets.
    if copies != 1:
        by_peer = by_decode
    need(theirs == records, f"{stream.name}: the peer has {theirs} records, {records} exported")
    for (family, protocol, unit), amount in want.items():
        if unit == "bytes":
            amount += frame_overhead * want[family, protocol, "packets"]
        peer = by_peer[family, protocol, unit]
        need(peer in (amount, amount * sampling), f"{stream.name}: {unit} of IPv{family}, protocol {protocol}: {peer} at the peer, {amount} exported")
    print(f"{stream.name}: {records} records, {want.total('packets')} packets, {want.total('bytes')} bytes agree"
          + (f", scaled by {sampling}" if sampling != 1 else ""))


def contract_totals(collector):
    """(contract, unit) -> amount, both directions."""
    sums = collections.Counter()
    metrics = collector.metrics()
    for unit in ("bytes", "packets"):
        for labels, value in metrics[f"weir_contract_{unit}_total"]:
            sums[labels["contract"], unit] += int(value)
    return +sums


def pmacctd(collector, folder, capture, packets):
    """One process, one capture, four protocols at once."""
    peers = {"sflow": "sfcapd", "netflow5": "nfcapd", "netflow9": "nfcapd", "ipfix": "nfcapd"}
    streams = [Stream(number, f"pmacctd-{name}", Peer(folder, f"pmacctd-{name}-peer", tool), collector.udp)
               for number, (name, tool) in enumerate(peers.items(), 1)]
    sflow, five, nine, ten = streams
    config = folder / "pmacctd.conf"
    config.write_text(
        f"daemonize: false\npcap_savefile: {capture}\npcap_savefile_delay: 1\n"
        "plugins: sfprobe[s], nfprobe[five], nfprobe[nine], nfprobe[ten]\n"
        "aggregate: src_host, dst_host, src_port, dst_port, proto, tos\n"
        f"sfprobe_receiver[s]: 127.0.0.1:{sflow.port}\nnfprobe_receiver[five]: 127.0.0.1:{five.port}\n"
        f"nfprobe_receiver[nine]: 127.0.0.1:{nine.port}\nnfprobe_receiver[ten]: 127.0.0.1:{ten.port}\n"
        "nfprobe_version[five]: 5\nnfprobe_version[nine]: 9\nnfprobe_version[ten]: 10\n"
        "nfprobe_timeouts: tcp=1:tcp.rst=1:tcp.fin=1:udp=1:icmp=1:general=1:expint=1\n"
        "plugin_pipe_size: 10240000\nplugin_buffer_size: 10240\n")
    only_v4 = [one for one in packets if one.family == 4]
    try:
        with Relay(streams), Program(folder, "pmacctd", ["pmacctd", "-f", config]) as program:
            until(program.is_gone, "pmacctd and its plugins have exported the capture", [collector])
            need(program.returncode == 0, f"pmacctd: exit {program.returncode}")
            for stream, counted in ((five, only_v4), (nine, packets), (ten, packets)):
                agree(collector, folder, stream, counted)
            # sfprobe keeps the samples of a datagram that is not full, so the last few packets never come.
            until(lambda: all_arrived(collector, sflow), "all sFlow datagrams", [collector])
            count = collector.of(sflow.address)["exporter_records_total"]
            need(len(packets) - 10 < count <= len(packets), f"{count} flow samples of {len(packets)} packets")
            # The peer counts frames: Ethernet's header and checksum.
            agree(collector, folder, sflow, packets[:count], records=count, frame_overhead=18)
    finally:
        for stream in streams:
            stream.peer.end()
    return [only_v4, packets, packets, packets[:count]]


def softflowd(collector, folder, capture, packets):
    """One run a protocol, whole and sampled: the rate comes in its options data."""
    counted = []
    cases = (("netflow5", "5", 1), ("netflow9", "9", 1), ("ipfix", "10", 1), ("netflow9-sampled", "9", 10), ("ipfix-sampled", "10", 10))
    for number, (name, version, sampling) in enumerate(cases, 11):
        stream = Stream(number, f"softflowd-{name}", Peer(folder, f"softflowd-{name}-peer", "nfcapd"), collector.udp)
        kept = [one for one in packets if version != "5" or one.family == 4]
        command = ["softflowd", "-r", capture, "-n", f"127.0.0.1:{stream.port}", "-v", version, "-d", "-c", "none",
                   "-p", folder / "softflowd.pid"]
        if sampling != 1:
            # Every tenth packet, the first among them.
            command += ["-s", str(sampling)]
            kept = kept[::sampling]
        try:
            with Relay([stream]), Program(folder, f"softflowd-{name}", command) as program:
                until(program.is_gone, "softflowd has exported the capture", [collector])
                need(program.returncode == 0, f"softflowd: exit {program.returncode}")
                # Its IPFIX sequence counts the message's own records and leaves out options
                # records: RFC 7011, 3.1 says data records before this message, of both kinds.
                agree(collector, folder, stream, kept, sampling, has_sequence=version != "10")
        finally:
            stream.peer.end()
        counted += [kept] * sampling
    return counted


def switch(collector, folder, packets):
    """Open vSwitch on a dummy datapath: no kernel module, no network device. It exports what it forwards."""
    need(shutil.which("ovs-vswitchd"), "ovs-vswitchd is not installed: run scripts/setup test")
    run = folder / "ovs"
    run.mkdir()
    place = ["env", f"OVS_RUNDIR={run}", f"OVS_LOGDIR={run}", f"OVS_DBDIR={run}"]

    def control(*words):
        done = subprocess.run([*place, *(str(word) for word in words)], capture_output=True, text=True, timeout=30)
        need(done.returncode == 0, f"{words[0]}: {done.stderr}")
        return done.stdout
    peers = {"sflow": "sfcapd", "netflow5": "nfcapd", "ipfix": "nfcapd"}
    streams = [Stream(number, f"ovs-{name}", Peer(folder, f"ovs-{name}-peer", tool), collector.udp)
               for number, (name, tool) in enumerate(peers.items(), 21)]
    sflow, five, ten = streams
    control("ovsdb-tool", "create", run / "conf.db", "/usr/share/openvswitch/vswitch.ovsschema")
    database = f"unix:{run}/db.sock"
    try:
        with Relay(streams), \
                Program(folder, "ovsdb", [*place, "ovsdb-server", run / "conf.db", f"--remote=p{database}", f"--unixctl={run}/db.ctl"]) as server, \
                Program(folder, "ovs", [*place, "ovs-vswitchd", database, "--disable-system", "--enable-dummy", f"--unixctl={run}/ctl"]) as daemon:
            until((run / "db.sock").exists, "the switch's database answers", [server])
            vsctl = ["ovs-vsctl", f"--db={database}", "--timeout=20"]
            control(*vsctl, "--no-wait", "init")
            until((run / "ctl").exists, "the switch answers", [daemon])
            control(*vsctl, "add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=dummy", "fail-mode=standalone",
                    *(word for port in ("1", "2") for word in
                      ("--", "add-port", "br0", f"p{port}", "--", "set", "interface", f"p{port}", "type=dummy", f"ofport_request={port}")),
                    "--", "--id=@s", "create", "sflow", "agent=lo", f'target="127.0.0.1:{sflow.port}"', "header=128", "sampling=1", "polling=0",
                    "--", "--id=@n", "create", "netflow", f'target="127.0.0.1:{five.port}"', "active-timeout=1",
                    "--", "--id=@i", "create", "ipfix", f'target="127.0.0.1:{ten.port}"', "obs_domain_id=7", "sampling=1",
                    "cache_active_timeout=1",
                    "--", "set", "bridge", "br0", "sflow=@s", "netflow=@n", "ipfix=@i")

            def received():
                shown = re.search(r"hit:(\d+) missed:(\d+)", control("ovs-appctl", "-t", run / "ctl", "dpif/show"))
                return int(shown.group(1)) + int(shown.group(2))
            # A dummy device queues few packets.
            for begin in range(0, len(packets), 30):
                batch = packets[begin:begin + 30]
                control("ovs-appctl", "-t", run / "ctl", "netdev-dummy/receive", "p1", *(one.frame.hex() for one in batch))
                until(lambda: received() == begin + len(batch), "the switch has taken the packets", [daemon])
            only_v4 = [one for one in packets if one.family == 4]
            # NetFlow of the switch counts frames. Its IPFIX reports each packet where it enters and
            # at both ports that it leaves by, since the switch never learns its destination.
            exports = ((sflow, packets, 1), (five, [one._replace(ip_bytes=one.ip_bytes + 14) for one in only_v4], 1), (ten, packets, 3))
            for stream, counted, copies in exports:
                want = sums_of(counted).total("bytes") * copies
                reported = lambda: collector.of(stream.address)["reported_bytes_total"]
                until(lambda: reported() >= want, f"all of {stream.name}, {want} bytes", [daemon, collector])
            daemon.end()
            for stream, counted, copies in exports:
                # How often the switch reports a flow is its affair. Its NetFlow v5 numbers the last
                # flow of a datagram instead of the first, and its IPFIX counts the message's own records.
                records = collector.of(stream.address)["exporter_records_total"]
                agree(collector, folder, stream, counted, records=records, frame_overhead=18 if stream is sflow else 0,
                      has_sequence=stream is sflow, copies=copies)
        return [counted for _, counted, _ in exports]
    finally:
        for stream in streams:
            stream.peer.end()


def main():
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    weir = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="weir-exporters-") as name:
        folder = pathlib.Path(name)
        packets = make_packets()
        capture = folder / "packets.pcap"
        write_pcap(capture, [one.frame for one in packets])
        try:
            with Collector(weir, folder) as collector:
                counted = pmacctd(collector, folder, capture, packets)
                counted += softflowd(collector, folder, capture, packets)
                counted += switch(collector, folder, packets)
                want = collections.Counter()
                for export in counted:
                    for one in export:
                        want[f"V{one.family}", "bytes"] += one.ip_bytes
                        want[f"V{one.family}", "packets"] += 1
                got = contract_totals(collector)
                need(got == want, f"contracts: {dict(got)}, exported {dict(want)}")
                print("the contracts' totals are the sum of all exports")
        except Wrong as wrong:
            print(f"WRONG: {wrong}", file=sys.stderr)
            for log in sorted(folder.glob("*.log")):
                print(f"-- {log.name}\n{log.read_text(errors='replace')[-1000:]}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
