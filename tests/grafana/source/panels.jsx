// Stand-ins for Grafana's core panel plugins, which are not published: each hands the panel's data and
// options to the component of @grafana/ui that the plugin itself draws with.
import React from 'react';
import {
  FieldColorModeId, PanelPlugin, VizOrientation, cacheFieldDisplayNames, getDisplayValueAlignmentFactors,
  getFieldDisplayValues, identityOverrideProcessor,
} from '@grafana/data';
import { BarGauge, BigValue, TimeSeries, VizRepeater, useTheme2 } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';

/// Field options of the graph with the defaults of Grafana's plugin.
const GRAPH = {
  drawStyle: 'line', lineInterpolation: 'linear', lineWidth: 1, fillOpacity: 0, gradientMode: 'none',
  lineStyle: undefined, spanNulls: false, showPoints: 'auto', pointSize: 5, stacking: { mode: 'none', group: 'A' },
  axisPlacement: 'auto', axisLabel: '', axisColorMode: 'text', axisBorderShow: false, axisGridShow: undefined,
  axisSoftMin: undefined, axisSoftMax: undefined, scaleDistribution: { type: 'linear' },
  hideFrom: { tooltip: false, viz: false, legend: false }, thresholdsStyle: { mode: 'off' }, barAlignment: 0,
  fillBelowTo: undefined, axisCenteredZero: false, axisWidth: undefined, transform: undefined, barWidthFactor: 0.6,
};
const TABLE = {
  align: 'auto', width: undefined, minWidth: undefined, cellOptions: { type: 'auto' }, inspect: false, hideFrom: undefined,
  filterable: undefined, wrapText: undefined, hidden: undefined,
};

const hasValues = (frames) => frames.some((frame) => frame.length > 0 && frame.fields.length > 0);

/// What Grafana's plugins show for an empty answer: the board's own words, if it has some.
function NoData({ fieldConfig, width, height }) {
  return <div className="weir-no-data" style={{ width, height }}>{fieldConfig.defaults.noValue ?? 'No data'}</div>;
}

/// Vertical lines where annotations are.
function addMarks(builder, annotations) {
  builder.addHook('draw', (plot) => {
    for (const frame of annotations) {
      const times = frame.fields.find((field) => field.name === 'time')?.values ?? [];
      const colors = frame.fields.find((field) => field.name === 'color')?.values ?? [];
      times.forEach((time, index) => {
        const x = plot.valToPos(time, 'x', true);
        if (x < plot.bbox.left || x > plot.bbox.left + plot.bbox.width) {
          return;
        }
        plot.ctx.save();
        plot.ctx.strokeStyle = colors[index] ?? 'white';
        plot.ctx.setLineDash([4, 3]);
        plot.ctx.beginPath();
        plot.ctx.moveTo(x, plot.bbox.top);
        plot.ctx.lineTo(x, plot.bbox.top + plot.bbox.height);
        plot.ctx.stroke();
        plot.ctx.restore();
      });
    }
  });
}

function Graph(props) {
  const { data, timeRange, timeZone, width, height, options, renderCounter } = props;
  if (!hasValues(data.series)) {
    return <NoData {...props} />;
  }
  return (
    <TimeSeries
      frames={data.series} structureRev={data.structureRev} timeRange={timeRange} timeZone={timeZone} width={width}
      height={height} legend={options.legend} options={options} key={renderCounter}
    >
      {(builder) => { addMarks(builder, data.annotations ?? []); return null; }}
    </TimeSeries>
  );
}

function useDisplayValues({ data, options, fieldConfig, replaceVariables, timeZone }) {
  const theme = useTheme2();
  return () => getFieldDisplayValues({
    fieldConfig, reduceOptions: options.reduceOptions, replaceVariables, theme, data: data.series, timeZone,
  });
}

/// One drawing for each value of the answer; what the panels differ in is VizRepeater's.
function EachValue({ panel, ...repeater }) {
  const { data, width, height, renderCounter } = panel;
  const getValues = useDisplayValues(panel);
  if (!hasValues(data.series)) {
    return <NoData {...panel} />;
  }
  return (
    <VizRepeater
      getValues={getValues} getAlignmentFactors={getDisplayValueAlignmentFactors} width={width} height={height}
      source={data} renderCounter={renderCounter} {...repeater}
    />
  );
}

function Stat(props) {
  const { options } = props;
  const theme = useTheme2();
  return (
    <EachValue
      panel={props} autoGrid orientation={options.orientation ?? VizOrientation.Auto}
      renderValue={(each) => (
        <BigValue
          value={each.value.display} count={each.count} colorMode={options.colorMode} graphMode={options.graphMode}
          justifyMode={options.justifyMode} textMode={options.textMode} text={options.text} width={each.width}
          height={each.height} alignmentFactors={each.alignmentFactors} theme={theme}
        />
      )}
    />
  );
}

function Bars(props) {
  const { options } = props;
  const theme = useTheme2();
  return (
    <EachValue
      panel={props} orientation={options.orientation} itemSpacing={10} minVizWidth={8}
      minVizHeight={options.minVizHeight} maxVizHeight={options.maxVizHeight}
      renderValue={(each) => (
        <BarGauge
          value={each.value.display} field={each.value.field} display={each.value.view?.getFieldDisplayProcessor(each.value.colIndex)}
          displayMode={options.displayMode} orientation={each.orientation} showUnfilled={options.showUnfilled}
          valueDisplayMode={options.valueMode} namePlacement={options.namePlacement} text={options.text} width={each.width}
          height={each.height} alignmentFactors={each.alignmentFactors} theme={theme} itemSpacing={10} lcdCellWidth={12}
        />
      )}
    />
  );
}

function Table(props) {
  const { data, width, height, options, fieldConfig, timeRange } = props;
  if (!hasValues(data.series)) {
    return <NoData {...props} />;
  }
  cacheFieldDisplayNames(data.series);
  return (
    <TableNG
      data={data.series[0]} width={width} height={height} noHeader={!options.showHeader} sortBy={options.sortBy}
      cellHeight={options.cellHeight} fieldConfig={fieldConfig} timeRange={timeRange} structureRev={data.structureRev}
      enableVirtualization={false} showTypeIcons={false} frozenColumns={options.frozenColumns?.left}
    />
  );
}

/// Adds options with their defaults; nobody edits them here.
function addOptions(builder, defaults) {
  for (const [path, defaultValue] of Object.entries(defaults)) {
    builder.addCustomEditor({
      id: path, path, name: path, defaultValue, editor: () => null, override: () => null,
      process: identityOverrideProcessor, shouldApply: () => true,
    });
  }
}

function plugin(id, component, fieldOptions, options = {}) {
  const made = new PanelPlugin(component).useFieldConfig({
    standardOptions: id === 'timeseries' ? { color: { defaultValue: { mode: FieldColorModeId.PaletteClassic } } } : {},
    useCustomConfig: (builder) => addOptions(builder, fieldOptions),
  }).setPanelOptions((builder) => addOptions(builder, options));
  made.meta = {
    id, name: id, sort: 1, type: 'panel', module: '', baseUrl: '',
    info: { author: { name: '' }, description: '', links: [], logos: { large: '', small: '' }, screenshots: [], updated: '', version: '' },
  };
  return made;
}

export const plugins = {
  timeseries: plugin('timeseries', Graph, GRAPH),
  stat: plugin('stat', Stat, {}),
  bargauge: plugin('bargauge', Bars, {}, { minVizHeight: 16, maxVizHeight: 300, namePlacement: 'auto' }),
  table: plugin('table', Table, TABLE),
};
