"""Captures of `weir generate`: every protocol, with sampling, loss, disorder and a restart."""

from .comparing import run

# Fields of each router beside its name: how it exports, and what befalls its datagrams.
ROUTERS = (
    {"protocol": "netflow5", "domain": 515, "sampling": 100, "loss": "4%", "restart_at": "70s"},
    {"protocol": "netflow9", "domain": 1, "sampling": 1_000, "reorder": "3%", "duplicate": "2%"},
    {"protocol": "netflow9", "domain": 77, "sampling": 512, "announce": "options_305", "loss": "3%", "restart_at": "80s"},
    {"protocol": "netflow9", "domain": 4_294_967_295, "sampling": 50, "announce": "record", "loss": "2%", "reorder": "2%"},
    {"protocol": "ipfix", "domain": 9, "sampling": 2_000, "loss": "3%", "reorder": "2%", "duplicate": "2%"},
    {"protocol": "ipfix", "domain": 9, "sampling": 10, "announce": "options_305", "restart_at": "60s"},
    {"protocol": "ipfix", "domain": 0, "sampling": 1, "announce": "none", "reorder": "5%"},
    {"protocol": "sflow5", "domain": 3, "sampling": 4_096, "reorder": "3%", "duplicate": "2%",
     "restart_at": "90s"},
    {"protocol": "sflow5", "domain": 0, "sampling": 2_048, "loss": "5%"},
)


def interface(index, role, is_tagged):
    tagged = ", tagged: true" if is_tagged else ""
    return f"{{index: {index}, name: if{index}, speed: 100G, role: {role}{tagged}}}"


def scenario(seed, records):
    """Two minutes of nine routers, each with as many contracts as that number of records takes."""
    count = min(max(records // 700, 2), 200)
    routers, contracts = [], []
    for number, fields in enumerate(ROUTERS, 1):
        is_tagged, is_sflow = fields["protocol"] != "netflow5", fields["protocol"] == "sflow5"
        customers = range(701, 701 + count)
        interfaces = [interface(503, "peer", False)]
        interfaces += [interface(index, "customer", is_tagged and index % 2) for index in customers]
        more = ", ".join(f"{name}: {value}" for name, value in fields.items())
        routers.append(f"  - {{name: r{number}, address: 127.1.0.{number}, {more}, template_refresh: 20s, active_timeout: 10s, "
                       f"interfaces: [{', '.join(interfaces)}]}}")
        # Sampled packets of some 1,400 octets: for sFlow each is a sample, for the others a few make a flow.
        rate = (1_500 if is_sflow else 20_000) * fields["sampling"]
        contracts += [f"  - {{id: C{number}-{index}, customer: Example, service: ip, committed: {rate}, "
                      f"attach: [{{exporter: r{number}, interface: {index}}}]}}" for index in customers]
    return "\n".join([f"seed: {seed}", 'start: "2024-06-05T03:00:00Z"', "exporters:", *routers, "contracts:", *contracts,
                      "traffic:", '  - {contract: "*", profile: constant, peak: 100%}', ""])


def generate(weir, folder, seed, records):
    """A capture of about so many records in `folder`."""
    plan, capture = folder / f"scenario-{seed}.yaml", folder / f"generated-{seed}.pcap"
    plan.write_text(scenario(seed, records), encoding="ascii")
    run([weir, "generate", plan, "--pcap", capture, "--duration", "2m"])
    return capture
