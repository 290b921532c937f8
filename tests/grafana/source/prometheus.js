// Prometheus as a data source of scenes: the parts of Grafana's own that Weir's boards use. Written
// anew, since Grafana's talks to Prometheus through Grafana's server.
import { DataFrameType, DataSourceApi, FieldType } from '@grafana/data';
import { sceneGraph } from '@grafana/scenes';

const SCRAPE_S = 15; // of provisioning/datasources.yaml; the run may say another

const quoted = (text) => text.replace(/\\/g, '\\\\').replace(/"/g, '\\"');
const escaped = (text) => text.replace(/\\/g, '\\\\\\\\').replace(/[$^*{}[\]'+?.()|]/g, '\\\\$&');

/// A variable's value inside a query, as Grafana writes it: one choice as it is, several as a pattern.
function asPattern(value, variable) {
  if (typeof value === 'string' && !variable?.multi && !variable?.includeAll) {
    return quoted(value);
  }
  const each = (Array.isArray(value) ? value : [value]).map((one) => escaped(String(one)));
  return each.length === 1 ? each[0] : `(${each.join('|')})`;
}

function legendOf(labels, target) {
  const { __name__: name = '', ...rest } = labels;
  if (target.legendFormat && target.legendFormat !== '__auto') {
    return target.legendFormat.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, label) => labels[label] ?? '');
  }
  const pairs = Object.entries(rest).map(([label, value]) => `${label}="${value}"`);
  return pairs.length ? `${name}{${pairs.join(', ')}}` : name || target.expr;
}

const number = (text) => (text === 'NaN' ? NaN : Number(text.replace('Inf', 'Infinity')));

/// A frame for each series, with a point at each step: null where there was none.
function linesOf(result, target, { start, end, step }) {
  return result.map(({ metric, values }) => {
    const found = new Map(values.map(([at, value]) => [at, number(value)]));
    const times = [];
    for (let at = start; at <= end; at += step) {
      times.push(at);
    }
    return {
      refId: target.refId, meta: { type: DataFrameType.TimeSeriesMulti },
      fields: [
        { name: 'Time', type: FieldType.time, values: times.map((at) => at * 1000), config: { interval: step * 1000 } },
        {
          name: 'Value', type: FieldType.number, values: times.map((at) => found.get(at) ?? null), labels: metric,
          config: { displayNameFromDS: legendOf(metric, target) },
        },
      ],
    };
  });
}

function pointsOf(result, target) {
  return result.map(({ metric, value: [at, value] }) => ({
    refId: target.refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: [at * 1000], config: {} },
      {
        name: 'Value', type: FieldType.number, values: [number(value)], labels: metric,
        config: { displayNameFromDS: legendOf(metric, target) },
      },
    ],
  }));
}

/// One frame with a row for each series and a column for each label.
function rowsOf(result, target, ofSeveral) {
  if (!result.length) {
    return [{ refId: target.refId, fields: [] }];
  }
  const labels = [...new Set(result.flatMap(({ metric }) => Object.keys(metric)))].sort();
  return [{
    refId: target.refId, meta: { preferredVisualisationType: 'table' },
    fields: [
      { name: 'Time', type: FieldType.time, values: result.map(({ value }) => value[0] * 1000), config: {} },
      ...labels.map((label) => ({
        name: label, type: FieldType.string, values: result.map(({ metric }) => metric[label] ?? ''), config: {},
      })),
      {
        name: ofSeveral ? `Value #${target.refId}` : 'Value', type: FieldType.number,
        values: result.map(({ value }) => number(value[1])), config: {},
      },
    ],
  }];
}

export class PrometheusSource extends DataSourceApi {
  constructor(address, scrapeS = SCRAPE_S) {
    super({ id: 1, uid: 'prometheus', name: 'Prometheus', type: 'prometheus', meta: { id: 'prometheus' }, jsonData: {} });
    this.name = 'Prometheus';
    this.address = address;
    this.scrapeS = scrapeS;
    this.interval = `${scrapeS}s`;
    this.refused = []; // queries that Prometheus refused, in its words
    this.annotations = {
      prepareAnnotation: (note) => ({ ...note, target: { refId: 'Anno', expr: note.expr, range: true, note: true } }),
    };
  }

  async ask(path, parameters) {
    const answer = await fetch(`${this.address}/api/v1/${path}`, {
      method: 'POST', body: new URLSearchParams(parameters),
    });
    const body = await answer.json();
    if (body.status !== 'success') {
      this.refused.push(`${parameters.query}: ${body.error}`);
      throw new Error(body.error);
    }
    return body.data;
  }

  interpolated(expr, request) {
    const owner = request.scopedVars?.__sceneObject?.value.valueOf();
    const intervalS = Math.max((request.intervalMs ?? 1000) / 1000, this.scrapeS);
    const rateS = Math.max(intervalS + this.scrapeS, 4 * this.scrapeS);
    return sceneGraph.interpolate(owner, expr, {
      ...request.scopedVars, __rate_interval: { text: `${rateS}s`, value: `${rateS}s` },
    }, asPattern);
  }

  async query(request) {
    const targets = request.targets.filter((each) => each.expr && !each.hide);
    const tables = targets.filter((each) => each.format === 'table').length;
    const frames = await Promise.all(targets.map((target) => this.framesOf(target, request, tables > 1)));
    return { data: frames.flat() };
  }

  async framesOf(target, request, severalTables) {
    const query = this.interpolated(target.expr, request);
    const to = request.range.to.valueOf() / 1000;
    if (target.instant) {
      const { result } = await this.ask('query', { query, time: to });
      return target.format === 'table' ? rowsOf(result, target, severalTables) : pointsOf(result, target);
    }
    const seconds = to - request.range.from.valueOf() / 1000;
    const step = Math.max(Math.ceil((request.intervalMs ?? 1000) / 1000), this.scrapeS, Math.ceil(seconds / 11000));
    const end = Math.floor(to / step) * step;
    const start = Math.floor(request.range.from.valueOf() / 1000 / step) * step;
    const { result } = await this.ask('query_range', { query, start, end, step });
    return target.note ? marksOf(result) : linesOf(result, target, { start, end, step });
  }

  /// Values of a variable: `label_values(METRIC{SELECTORS}, LABEL)` is all that the boards ask.
  async metricFindQuery(asked, { range, scopedVars } = {}) {
    const text = typeof asked === 'string' ? asked : asked.query;
    const found = /^label_values\((.*),\s*(\w+)\)$/.exec(text);
    if (!found) {
      throw new Error(`a variable asks '${text}', which is not label_values()`);
    }
    const owner = scopedVars?.__sceneObject?.value.valueOf();
    const series = sceneGraph.interpolate(owner, found[1], scopedVars, asPattern);
    const parameters = new URLSearchParams({ 'match[]': series, start: range.from.unix(), end: range.to.unix() });
    const answer = await fetch(`${this.address}/api/v1/label/${found[2]}/values?${parameters}`);
    const body = await answer.json();
    if (body.status !== 'success') {
      this.refused.push(`${text}: ${body.error}`);
      throw new Error(body.error);
    }
    const values = body.data;
    return values.map((value) => ({ text: value, value }));
  }
}

/// A mark where each series begins to be there.
function marksOf(result) {
  const times = result.flatMap(({ values }) => values.filter((_, index) => (
    index === 0 || values[index][0] - values[index - 1][0] > 120)).map(([at]) => at * 1000));
  return [{ fields: [
    { name: 'time', type: FieldType.time, values: times, config: {} },
    { name: 'text', type: FieldType.string, values: times.map(() => ''), config: {} },
  ] }];
}
