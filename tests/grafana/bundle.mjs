// Makes one script and one style sheet of the page: node bundle.mjs FOLDER
import { build } from 'esbuild';
import { createRequire } from 'node:module';
import { cp, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';

const here = path.dirname(new URL(import.meta.url).pathname);
const target = process.argv[2];
const require = createRequire(import.meta.url);

// Scenes is written for version 6 of the router and the rest for version 5.
const routers = {
  name: 'routers',
  setup(building) {
    building.onResolve({ filter: /^react-router-dom$/ }, ({ importer }) => (
      importer.includes('@grafana/scenes/') ? { path: require.resolve('react-router-dom-6') } : undefined));
  },
};

// What an .mjs file imports as the default of a CommonJS module is, by node's rules, the whole module.
// Grafana's packages are built for bundlers that take its `default`: the module in between does.
const between = (file) => `export * from ${JSON.stringify(file)};
import * as all from ${JSON.stringify(file)};
export default all.default;`;
const defaults = {
  name: 'defaults',
  setup(building) {
    building.onResolve({ filter: /^[^./]/ }, async (asked) => {
      if (asked.pluginData === 'resolved' || !asked.importer.endsWith('.mjs') || asked.kind !== 'import-statement') {
        return undefined;
      }
      const found = await building.resolve(asked.path, {
        resolveDir: asked.resolveDir, kind: asked.kind, importer: asked.importer, pluginData: 'resolved',
      });
      if (found.errors.length || !/\.c?js$/.test(found.path)) {
        return undefined;
      }
      const isModule = /^\s*(import|export)[\s{*]/m.test(await readFile(found.path, 'utf8'));
      return isModule ? undefined : { path: found.path, namespace: 'between' };
    });
    building.onLoad({ filter: /.*/, namespace: 'between' }, ({ path: file }) => ({
      contents: between(file), loader: 'js', resolveDir: path.dirname(file),
    }));
  },
};

await mkdir(target, { recursive: true });
await build({
  entryPoints: { page: path.join(here, 'source/page.jsx') }, outdir: target, bundle: true, format: 'esm', minify: true,
  platform: 'browser', target: 'chrome120', jsx: 'automatic', logLevel: 'warning', plugins: [routers, defaults],
  define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
  loader: { '.svg': 'dataurl', '.woff2': 'dataurl', '.ttf': 'dataurl', '.png': 'dataurl' },
});
await cp(path.join(here, 'source/page.html'), path.join(target, 'page.html'));
await cp(path.join(here, 'node_modules/@grafana/ui/dist/public'), path.join(target, 'public'), { recursive: true });
