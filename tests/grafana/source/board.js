// A dashboard's JSON as a scene: what Grafana's application does when it loads one.
import {
  DataSourceVariable, EmbeddedScene, QueryVariable, SceneControlsSpacer, SceneDataLayerSet, SceneDataTransformer,
  SceneGridItem, SceneGridLayout, SceneGridRow, SceneQueryRunner, SceneTimePicker, SceneTimeRange, SceneVariableSet,
  VariableValueSelectors, VizPanel, dataLayers,
} from '@grafana/scenes';

function variableOf(json) {
  const shared = {
    name: json.name, label: json.label, hide: json.hide, value: json.current?.value ?? '', text: json.current?.text ?? '',
  };
  if (json.type === 'datasource') {
    return new DataSourceVariable({ ...shared, pluginId: json.query, regex: json.regex });
  }
  if (json.type === 'query') {
    return new QueryVariable({
      ...shared, query: json.query, datasource: json.datasource, refresh: json.refresh, sort: json.sort, regex: json.regex,
      isMulti: json.multi, includeAll: json.includeAll, allValue: json.allValue, definition: json.definition,
    });
  }
  throw new Error(`no stand-in for variables of type '${json.type}'`);
}

function queriesOf(json) {
  const runner = new SceneQueryRunner({
    queries: json.targets, datasource: json.datasource, minInterval: json.interval, maxDataPointsFromWidth: true,
  });
  return json.transformations?.length
    ? new SceneDataTransformer({ $data: runner, transformations: json.transformations })
    : runner;
}

function itemOf(json) {
  const { x, y, w, h } = json.gridPos;
  return new SceneGridItem({
    key: `item-${json.id}`, x, y, width: w, height: h,
    body: new VizPanel({
      key: `panel-${json.id}`, title: json.title, description: json.description, pluginId: json.type,
      options: json.options, fieldConfig: json.fieldConfig, $data: queriesOf(json),
    }),
  });
}

function gridOf(panels) {
  const children = [];
  let row;
  for (const json of panels) {
    if (json.type === 'row') {
      row = new SceneGridRow({
        key: `row-${json.id}`, title: json.title, isCollapsed: json.collapsed, x: 0, y: json.gridPos.y, width: 24, children: [],
      });
      children.push(row);
    } else if (row) {
      row.setState({ children: [...row.state.children, itemOf(json)] });
    } else {
      children.push(itemOf(json));
    }
  }
  return new SceneGridLayout({ children, isLazy: false, isDraggable: false, isResizable: false });
}

export function sceneOf(json, { from, to }) {
  return new EmbeddedScene({
    key: json.uid,
    $timeRange: new SceneTimeRange({ from: from ?? json.time.from, to: to ?? json.time.to, timeZone: json.timezone }),
    $variables: new SceneVariableSet({ variables: json.templating.list.map(variableOf) }),
    $data: new SceneDataLayerSet({
      layers: json.annotations.list.map((note) => new dataLayers.AnnotationsDataLayer({
        name: note.name, isEnabled: note.enable, isHidden: note.hide, query: note,
      })),
    }),
    controls: [new VariableValueSelectors({}), new SceneControlsSpacer(), new SceneTimePicker({ isOnCanvas: true })],
    body: gridOf(json.panels),
  });
}
