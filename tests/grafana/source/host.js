// What Grafana's own application sets up before a board can be drawn, and its packages leave to the
// host: registries of field options and transformations, the way queries run, services.
import {
  EventBusSrv, createTheme, displayNameOverrideProcessor, identityOverrideProcessor, numberOverrideProcessor,
  dataLinksOverrideProcessor, standardEditorsRegistry, standardFieldConfigEditorRegistry, standardTransformers,
  standardTransformersRegistry, thresholdsOverrideProcessor, toDataFrame, unitOverrideProcessor,
  valueMappingsOverrideProcessor, LoadingState,
} from '@grafana/data';
import {
  config, setAppEvents, setDataSourceSrv, setPluginImportUtils, setRunRequest, setTemplateSrv,
} from '@grafana/runtime';
import { initPluginTranslations } from '@grafana/i18n';
import { sceneGraph } from '@grafana/scenes';
import { from, map, of, catchError } from 'rxjs';

// No option is edited here, so none has an editor.
const noEditor = () => null;

function fieldOption(id, process, defaultValue) {
  return {
    id, path: id, name: id, description: '', editor: noEditor, override: noEditor, process, defaultValue,
    settings: {}, category: [], shouldApply: () => true,
  };
}

const fieldOptions = () => [
  fieldOption('displayName', displayNameOverrideProcessor),
  fieldOption('unit', unitOverrideProcessor),
  fieldOption('min', numberOverrideProcessor),
  fieldOption('max', numberOverrideProcessor),
  fieldOption('fieldMinMax', identityOverrideProcessor),
  fieldOption('decimals', numberOverrideProcessor),
  fieldOption('noValue', displayNameOverrideProcessor),
  fieldOption('color', identityOverrideProcessor),
  fieldOption('thresholds', thresholdsOverrideProcessor),
  fieldOption('mappings', valueMappingsOverrideProcessor, []),
  fieldOption('links', dataLinksOverrideProcessor),
];

// The registry of transformers has some under two names.
const transformations = () => [...new Map(Object.values(standardTransformers).map((each) => [each.id, each])).values()]
  .map((each) => ({ id: each.id, name: each.name, editor: noEditor, transformation: () => Promise.resolve(each) }));

/// Asks a data source and says the answer as panels want it.
function runRequest(source, request) {
  return from(source.query(request)).pipe(
    map(({ data }) => ({
      state: LoadingState.Done, series: data.map(toDataFrame), annotations: [], timeRange: request.range, request,
    })),
    catchError((error) => of({
      state: LoadingState.Error, series: [], annotations: [], timeRange: request.range, request,
      errors: [{ message: String(error.message ?? error) }],
    })),
  );
}

/// `plugins` by their id, `source` is the one data source there is. Returns a function that is told the
/// scene once there is one: names of data sources may hold its variables.
export async function prepareHost(plugins, source) {
  let scene;
  const settings = {
    uid: source.uid, name: source.name, type: source.type, isDefault: true, meta: { id: source.type, metrics: true },
  };
  const named = (reference) => {
    const asked = typeof reference === 'string' ? reference : reference?.uid;
    const uid = scene && asked ? sceneGraph.interpolate(scene, asked) : asked;
    if (uid !== source.uid) {
      throw new Error(`no data source '${uid}' (of '${asked}')`);
    }
    return source;
  };

  config.theme2 = createTheme({ colors: { mode: 'dark' } });
  config.bootData = { ...config.bootData, user: { ...config.bootData?.user, orgRole: 'Viewer' } };
  standardEditorsRegistry.setInit(() => []);
  standardFieldConfigEditorRegistry.setInit(fieldOptions);
  standardTransformersRegistry.setInit(transformations);
  setAppEvents(new EventBusSrv());
  setRunRequest(runRequest);
  setTemplateSrv({
    getVariables: () => [], containsTemplate: () => false, updateTimeRange: () => {},
    replace: (text, scopedVars, format) => (scene ? sceneGraph.interpolate(scene, text, scopedVars, format) : text),
  });
  setDataSourceSrv({
    get: async (reference) => named(reference), getList: () => [settings],
    getInstanceSettings: () => settings, reload: () => {}, registerRuntimeDataSource: () => {},
  });
  setPluginImportUtils({
    importPanelPlugin: async (id) => {
      if (!plugins[id]) {
        throw new Error(`no stand-in for panels of type '${id}'`);
      }
      return plugins[id];
    },
    getPanelPluginFromCache: (id) => plugins[id],
  });
  await initPluginTranslations('weir-boards');
  return (made) => { scene = made; };
}
