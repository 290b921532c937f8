// Draws the board that the address names, and says in `window.weirBoard` how far it is.
import React from 'react';
import { createRoot } from 'react-dom/client';
import { createTheme, ThemeContext } from '@grafana/data';
import { GlobalStyles, PortalContainer } from '@grafana/ui';
import { sceneGraph, SceneGridRow, SceneQueryRunner, VizPanel } from '@grafana/scenes';
import { MemoryRouter } from 'react-router-dom-6';
import { prepareHost } from './host.js';
import { PrometheusSource } from './prometheus.js';
import { sceneOf } from './board.js';
import { plugins } from './panels.jsx';

const parameters = new URLSearchParams(window.location.search);

/// What became of each variable and panel, for the run to judge.
function report(scene, source) {
  const variables = scene.state.$variables.state.variables.map(({ state }) => ({
    name: state.name, value: state.value, choices: state.options?.length ?? 0, loading: Boolean(state.loading),
    error: state.error ? String(state.error.message ?? state.error) : '',
  }));
  const panels = sceneGraph.findAllObjects(scene, (each) => each instanceof VizPanel).map((panel) => {
    const runner = sceneGraph.findObject(panel, (each) => each instanceof SceneQueryRunner && each.parent !== scene);
    const data = sceneGraph.getData(panel).state.data;
    const drawn = document.querySelector(`[data-viz-panel-key="${panel.state.key}"]`);
    const asked = runner?.state.data;
    return {
      id: Number(panel.state.key.replace('panel-', '')), title: panel.state.title, type: panel.state.pluginId,
      state: data?.state ?? 'none', errors: [...(data?.errors ?? []), ...(asked?.errors ?? [])].map((each) => each.message),
      fault: panel.state._pluginLoadError ?? '',
      answered: [...new Set((asked?.series ?? []).filter((frame) => frame.length > 0).map((frame) => frame.refId))],
      text: drawn?.innerText ?? '', canvases: drawn?.querySelectorAll('canvas').length ?? 0,
      crashed: Boolean(drawn?.querySelector('[data-testid="data-testid Alert error"]')),
      empty: Boolean(drawn?.querySelector('.weir-no-data')),
    };
  });
  const rows = sceneGraph.findAllObjects(scene, (each) => each instanceof SceneGridRow).map(({ state }) => state.title);
  return { variables, panels, rows, refused: source.refused };
}

async function start() {
  const json = await (await fetch(parameters.get('board'))).json();
  const source = new PrometheusSource(parameters.get('prometheus'), Number(parameters.get('scrape') ?? 15));
  const hasScene = await prepareHost(plugins, source);
  const scene = sceneOf(json, { from: parameters.get('from') ?? undefined });
  hasScene(scene);
  window.weirBoard = { report: () => report(scene, source) };
  document.title = json.title;
  createRoot(document.getElementById('root')).render(
    <ThemeContext.Provider value={createTheme({ colors: { mode: 'dark' } })}>
      <GlobalStyles />
      <MemoryRouter>
        <h1 className="weir-title">{json.title}</h1>
        <scene.Component model={scene} />
        <PortalContainer />
      </MemoryRouter>
    </ThemeContext.Provider>,
  );
}

start();
