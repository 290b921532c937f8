"""Parts that boards are made of. A part is a plain dictionary of Grafana's dashboard schema, without
a place: `board` sets rows out on the grid of 24 columns and numbers the panels.

Queries are PromQL with two abbreviations: `@` stands for the selectors of job and instance, and
`&facts` for the contract facts of the services and POPs chosen, to join a contract's figure with.
"""

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
SELECTORS = 'job=~"$job", instance=~"$instance"'
FACTS = ("* on (job, instance, contract) group_left (service, pop) "
         'weir_contract_info{@, pop=~"$pop", service=~"$service"}')

# Steps of colour. The first has no value: it is the colour below the second.
PLAIN = [("text", None)]
BAD_ABOVE_ZERO = [("green", None), ("red", 1)]
LOAD = [("green", None), ("yellow", 0.7), ("orange", 0.9), ("red", 1)]
LINK_LOAD = [("green", None), ("yellow", 0.5), ("orange", 0.7), ("red", 0.8)]
LOSS = [("green", None), ("yellow", 0.0001), ("red", 0.001)]
COMPLETE = [("red", None), ("yellow", 0.999), ("green", 0.9999)]
AROUND_ONE = [("red", None), ("yellow", 0.8), ("green", 0.95), ("yellow", 1.05), ("red", 1.2)]
# A cell without a value has no colour of a threshold.
NOTHING = [{"type": "special", "options": {"match": "null", "result": {"text": "–", "color": "text", "index": 0}}}]
# What tables call the labels that they have as columns.
HEADINGS = {"contract": "Contract", "service": "Service", "pop": "POP", "exporter": "Router", "name": "Interface",
            "direction": "Direction", "group": "Link group", "limit": "Of", "reason": "Reason",
            "ingress_pop": "Enters at", "egress_pop": "Leaves at", "alertname": "Alert", "severity": "Severity"}


def expand(expr):
    return " ".join(expr.replace("&facts", FACTS).replace("@", SELECTORS).split())


def query(expr, legend="", *, now=False):
    """A query over the board's range, or (`now`) one value of the present, as tables want it."""
    target = {"datasource": SOURCE, "expr": expand(expr), "legendFormat": legend or "__auto",
              "editorMode": "code", "instant": now, "range": not now}
    if now:
        target["format"] = "table"
    return target


def panel(kind, title, description, unit, queries, *, width, height, steps, options, empty=None, every=None):
    """`empty` is said where there is no data. Rates look back over `every` at least."""
    for letter, target in zip("ABCDEFGHIJ", queries):
        target["refId"] = letter
    made = {
        "type": kind, "title": title, "description": description, "datasource": SOURCE,
        "targets": queries, "gridPos": {"w": width, "h": height}, "options": options,
        "fieldConfig": {
            "defaults": {
                "unit": unit, "color": {"mode": "thresholds"},
                "thresholds": {"mode": "absolute",
                               "steps": [{"color": color, "value": at} for color, at in steps]},
            },
            "overrides": [],
        },
    }
    if empty:
        made["fieldConfig"]["defaults"]["noValue"] = empty
    if every:
        made["interval"] = every
    return made


def said(words):
    """Mappings that say values in words."""
    return [{"type": "value", "options": {str(value): {"text": text, "index": index}
                                          for index, (value, text) in enumerate(words.items())}}]


def stat(title, description, expr, *, unit="short", steps=PLAIN, width=4, height=4, words=None, empty=None):
    """One figure of the present. `words` says values in words."""
    made = panel("stat", title, description, unit, [query(expr, title)],
                 width=width, height=height, steps=steps, empty=empty,
                 options={"colorMode": "background" if steps is not PLAIN else "value",
                          "graphMode": "none", "textMode": "value", "justifyMode": "center",
                          "reduceOptions": {"calcs": ["lastNotNull"], "values": False}})
    if words:
        made["fieldConfig"]["defaults"]["mappings"] = said(words)
    return made


def series(title, description, queries, *, unit, steps=PLAIN, width=12, height=8, stacked=False,
           limits=None, bands=(), renamed=None, lowest=0, empty=None, every=None):
    """Lines over time. `limits` are lines of that name in that colour, dashed and without a fill. The
    lines "X high" and "X low" of each X in `bands` become a band. `renamed` says parts of names in words."""
    made = panel("timeseries", title, description, unit, [query(*each) for each in queries],
                 width=width, height=height, steps=steps, empty=empty, every=every,
                 options={"legend": {"displayMode": "table", "placement": "right",
                                     "showLegend": True, "calcs": ["lastNotNull", "max"]},
                          "tooltip": {"mode": "multi", "sort": "desc"}})
    defaults = made["fieldConfig"]["defaults"]
    defaults["color"] = {"mode": "palette-classic"}
    defaults["custom"] = {"lineWidth": 1, "fillOpacity": 30 if stacked else 8, "showPoints": "never",
                          "spanNulls": False,
                          "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
                          "thresholdsStyle": {"mode": "off" if steps is PLAIN else "line"}}
    if lowest is not None:
        defaults["min"] = lowest
    overrides = made["fieldConfig"]["overrides"]
    for pattern, color in (limits or {}).items():
        overrides.append({
            "matcher": {"id": "byRegexp", "options": f"/{pattern}/"},
            "properties": [
                {"id": "color", "value": {"mode": "fixed", "fixedColor": color}},
                {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [8, 6]}},
                {"id": "custom.fillOpacity", "value": 0}]})
    for name, color in zip(bands, ("green", "blue")):
        shared = [{"id": "color", "value": {"mode": "fixed", "fixedColor": color}}]
        overrides += [
            {"matcher": {"id": "byName", "options": f"{name} high"},
             "properties": [*shared, {"id": "custom.fillBelowTo", "value": f"{name} low"},
                            {"id": "custom.fillOpacity", "value": 35}]},
            {"matcher": {"id": "byName", "options": f"{name} low"},
             "properties": [*shared, {"id": "custom.fillOpacity", "value": 0}]}]
    if renamed:
        made["transformations"] = [{"id": "renameByRegex", "options": {"regex": f"(.*){part}(.*)", "renamePattern": f"$1{text}$2"}}
                                   for part, text in renamed.items()]
    return made


def bars(title, description, expr, legend, *, unit, steps=LOAD, width=12, height=10, empty=None):
    """The highest of many, as bars of the present. Bars of ratios are full at 1."""
    made = panel("bargauge", title, description, unit, [query(expr, legend)],
                 width=width, height=height, steps=steps, empty=empty,
                 options={"displayMode": "gradient", "orientation": "horizontal", "showUnfilled": True,
                          "valueMode": "color",
                          "reduceOptions": {"calcs": ["lastNotNull"], "values": False}})
    made["targets"][0]["instant"], made["targets"][0]["range"] = True, False
    made["fieldConfig"]["defaults"]["min"] = 0
    if unit == "percentunit":
        made["fieldConfig"]["defaults"]["max"] = 1
    return made


def table(title, description, columns, key, *, facts=(), sort=None, soonest=None, width=24, height=12, unit="short",
          gauge=None, words=None, empty=None, every=None):
    """One row for each value of `key`, one column for each of (name, expr, unit, steps). The column
    `gauge` is drawn as a bar that is full at 1. The highest of `sort` stands first, or the lowest of
    `soonest`. `words` says values of the labels in words."""
    queries = [query(expr, name, now=True) for name, expr, _, _ in columns]
    made = panel("table", title, description, unit, queries, width=width, height=height, steps=PLAIN, empty=empty, every=every,
                 options={"showHeader": True, "cellHeight": "sm",
                          "sortBy": [{"displayName": soonest or sort or columns[0][0], "desc": not soonest}]})
    made["fieldConfig"]["defaults"]["custom"] = {"minWidth": 70}
    kept = (*key, *facts)
    values = {"Value" if len(columns) == 1 else f"Value #{letter}": name
              for letter, (name, _, _, _) in zip("ABCDEFGHIJ", columns)}
    made["transformations"] = [
        {"id": "merge", "options": {}},
        {"id": "filterFieldsByName", "options": {"include": {"names": [*kept, *values]}}},
        {"id": "organize",
         "options": {"renameByName": {name: HEADINGS[name] for name in kept} | values,
                     "indexByName": {name: index for index, name in enumerate([*kept, *values])}}},
    ]
    overrides = made["fieldConfig"]["overrides"]
    for name, _, column_unit, steps in columns:
        properties = [{"id": "unit", "value": column_unit}, {"id": "mappings", "value": NOTHING}]
        if name == gauge:
            properties += [{"id": "custom.cellOptions", "value": {"type": "gauge", "mode": "basic", "valueDisplayMode": "color"}},
                           {"id": "custom.minWidth", "value": 140}, {"id": "min", "value": 0}, {"id": "max", "value": 1}]
        elif steps:
            properties.append({"id": "custom.cellOptions", "value": {"type": "color-text"}})
        if steps:
            properties.append({"id": "thresholds",
                               "value": {"mode": "absolute",
                                         "steps": [{"color": color, "value": at} for color, at in steps]}})
        overrides.append({"matcher": {"id": "byName", "options": name}, "properties": properties})
    for name, texts in (words or {}).items():
        overrides.append({"matcher": {"id": "byName", "options": HEADINGS[name]},
                          "properties": [{"id": "mappings", "value": said(texts)},
                                         {"id": "custom.width", "value": 7 * max(map(len, texts.values())) + 16}]})
    return made


def variable(name, label, definition, *, several=True):
    """A choice out of what `definition` finds; `several` of it, or all."""
    made = {"type": "query", "name": name, "label": label, "datasource": SOURCE,
            "definition": expand(definition),
            "query": {"qryType": 1, "query": expand(definition), "refId": name},
            "refresh": 2, "sort": 1, "multi": several, "includeAll": several, "hide": 0,
            "options": [], "regex": "", "skipUrlSync": False}
    if several:
        made |= {"allValue": ".+", "current": {"text": ["All"], "value": ["$__all"]}}
    return made


def scope():
    """Variables that every board has: where the figures come from."""
    return [
        {"type": "datasource", "name": "datasource", "label": "Data Source", "query": "prometheus",
         "refresh": 1, "multi": False, "includeAll": False, "hide": 0, "options": [], "regex": "",
         "current": {}, "skipUrlSync": False},
        variable("job", "Job", "label_values(weir_build_info, job)"),
        variable("instance", "Instance", 'label_values(weir_build_info{job=~"$job"}, instance)'),
    ]


def portfolio():
    """Variables that choose contracts by what they are."""
    return [variable("service", "Service", "label_values(weir_contract_info{@}, service)"),
            variable("pop", "POP", "label_values(weir_contract_info{@}, pop)")]


def note(name, expr, title, color):
    """A mark on every graph where `expr` is true."""
    return {"name": name, "datasource": SOURCE, "enable": True, "hide": False, "iconColor": color,
            "expr": expand(expr), "titleFormat": title, "step": "60s", "useValueForTime": False}


def board(name, title, description, rows, *, variables, notes=(), since="now-6h", refresh="30s"):
    """A whole dashboard of rows: (heading, panels). A row breaks where its 24 columns are full."""
    panels, top, number = [], 0, 1
    for heading, members in rows:
        panels.append({"type": "row", "id": number, "title": heading, "collapsed": False,
                       "panels": [], "gridPos": {"x": 0, "y": top, "w": 24, "h": 1}})
        number, top, left, tallest = number + 1, top + 1, 0, 0
        for member in members:
            place = member["gridPos"]
            if left + place["w"] > 24:
                top, left, tallest = top + tallest, 0, 0
            member["gridPos"] = {"x": left, "y": top, "w": place["w"], "h": place["h"]}
            panels.append({"id": number, **member})
            number, left, tallest = number + 1, left + place["w"], max(tallest, place["h"])
        top += tallest
    return {
        "uid": f"weir-{name}", "title": title, "description": description, "tags": ["weir"],
        "schemaVersion": 41, "version": 1, "editable": False, "graphTooltip": 1, "timezone": "utc",
        "refresh": refresh, "time": {"from": since, "to": "now"}, "timepicker": {}, "fiscalYearStartMonth": 0,
        "links": [{"type": "dashboards", "title": "Weir", "tags": ["weir"], "asDropdown": True,
                   "includeVars": True, "keepTime": True, "targetBlank": False, "icon": "", "url": "",
                   "tooltip": ""}],
        "templating": {"list": [*scope(), *variables]}, "annotations": {"list": list(notes)},
        "panels": panels,
    }
