// Draws boards in headless Chromium, keeps a picture of each, and judges them:
//   node render.mjs --page FOLDER --boards FOLDER --into FOLDER --prometheus URL --excused FILE
// Prints one line for each problem; fails if there is one.
import { createServer } from 'node:http';
import { readFile, readdir, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const LONGEST_WAIT_MS = 60_000; // for one board, on a busy machine
const QUIET_MS = 1_500; // nothing changes for so long: it is drawn
const WIDTH = 1600; // pixels: a board on an ordinary screen
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.json': 'application/json' };

const { values: given } = parseArgs({
  options: {
    page: { type: 'string' }, boards: { type: 'string' }, into: { type: 'string' }, prometheus: { type: 'string' },
    excused: { type: 'string' }, scrape: { type: 'string', default: '2' }, from: { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
  },
});

const FONTS = '/usr/share/fonts/opentype/inter'; // of Debian's fonts-inter: Grafana's own come with its server
const NO_ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"></svg>'; // of those not in the package

function fileOf(asked) {
  if (asked.startsWith('/boards/')) {
    return path.join(given.boards, asked.slice('/boards/'.length));
  }
  const font = /^\/public\/fonts\/inter\/(Inter-\w+)\.woff2$/.exec(asked);
  return font ? `${FONTS}/${font[1]}.otf` : path.join(given.page, asked.replace(/^\/public\/build\//, '/public/'));
}

/// The page's files, and the boards below /boards/.
function serve() {
  const server = createServer(async (request, response) => {
    const asked = path.posix.normalize(decodeURIComponent(new URL(request.url, 'http://page').pathname));
    const content = await readFile(fileOf(asked)).catch(() => (asked.endsWith('.svg') ? NO_ICON : undefined));
    response.writeHead(content === undefined ? 404 : 200, {
      'Content-Type': TYPES[path.extname(asked)] ?? 'application/octet-stream',
    });
    response.end(content);
  });
  return new Promise((resolve) => { server.listen(0, '127.0.0.1', () => resolve(server)); });
}

/// `board: panel` and `board: panel / column` that may have no data.
async function excusedNames() {
  const lines = (await readFile(given.excused, 'utf8')).split('\n');
  return new Set(lines.filter((line) => line && !line.startsWith('#')).map((line) => line.slice(0, line.lastIndexOf(': '))));
}

const settled = ({ variables, panels }) => variables.every((each) => !each.loading)
  && panels.every((each) => ['Done', 'Error'].includes(each.state) && each.text);

/// The page's report once it says the same twice, QUIET_MS apart.
async function settledReport(page) {
  const until = Date.now() + LONGEST_WAIT_MS;
  await page.waitForFunction(() => window.weirBoard !== undefined, undefined, { timeout: LONGEST_WAIT_MS });
  let before = '';
  for (;;) {
    const report = await page.evaluate(() => window.weirBoard.report());
    const now = JSON.stringify(report);
    if ((now === before && settled(report)) || Date.now() > until) {
      return report;
    }
    before = now;
    await page.waitForTimeout(QUIET_MS);
  }
}

function problemsOf(name, json, report, excused) {
  const problems = [];
  for (const wanted of json.templating.list) {
    const found = report.variables.find((each) => each.name === wanted.name);
    const value = Array.isArray(found?.value) ? found.value.join() : found?.value;
    if (!found || found.error || !found.choices || !value) {
      problems.push(`variable ${wanted.name}: ${found?.error || 'has no choice or no value'}`);
    }
  }
  for (const wanted of json.panels.filter((each) => each.type === 'row')) {
    if (!report.rows.includes(wanted.title)) {
      problems.push(`row ${wanted.title}: missing`);
    }
  }
  for (const wanted of json.panels.filter((each) => each.type !== 'row')) {
    const found = report.panels.find((each) => each.id === wanted.id);
    const say = (text) => problems.push(`${wanted.title}: ${text}`);
    if (!found || !found.text.includes(wanted.title)) {
      say('missing');
      continue;
    }
    if (found.fault || found.errors.length || found.state !== 'Done' || found.crashed) {
      say([found.fault, ...found.errors, found.crashed ? 'the panel crashed' : '', `state ${found.state}`].filter(Boolean).join('; '));
    }
    const whole = excused.has(`${name}: ${wanted.title}`);
    if (found.empty && !whole && wanted.targets.some((each) => !excused.has(`${name}: ${wanted.title} / ${each.legendFormat}`))) {
      say('No data');
    }
    for (const target of wanted.targets) {
      if (!found.empty && !whole && !found.answered.includes(target.refId)
          && !excused.has(`${name}: ${wanted.title} / ${target.legendFormat}`)) {
        say(`no data for ${target.legendFormat}`);
      }
    }
    const drawn = wanted.type === 'timeseries' ? found.canvases > 0 : found.text.replace(wanted.title, '').trim() !== '';
    if (!found.empty && !drawn) {
      say('nothing was drawn');
    }
  }
  return [...problems, ...report.refused.map((each) => `refused: ${each}`)].map((each) => `${name}: ${each}`);
}

async function renderBoard(browser, base, name, excused) {
  const json = JSON.parse(await readFile(path.join(given.boards, `${name}.json`), 'utf8'));
  const page = await browser.newPage({ viewport: { width: WIDTH, height: 1000 }, timezoneId: 'UTC', locale: 'en-GB' });
  const faults = [];
  page.on('pageerror', (error) => faults.push(`${name}: page error: ${error.message} ${error.stack?.split('\n')[1] ?? ''}`));
  page.on('console', (message) => {
    if (message.type() === 'error') {
      faults.push(`${name}: console: ${message.text().slice(0, 300)} (${message.location().url})`);
    }
  });
  const query = new URLSearchParams({ board: `/boards/${name}.json`, prometheus: given.prometheus, scrape: given.scrape });
  if (given.from) {
    query.set('from', given.from);
  }
  await page.goto(`${base}/page.html?${query}`);
  const report = await settledReport(page)
    // A window as high as the board: what is scrolled to is drawn later.
    .then(() => page.evaluate(() => document.documentElement.scrollHeight))
    .then((height) => page.setViewportSize({ width: WIDTH, height }))
    .then(() => settledReport(page))
    .catch((error) => { faults.push(`${name}: ${error.message}`); return undefined; });
  await page.screenshot({ path: path.join(given.into, `${name}.png`) });
  await page.close();
  return [...faults, ...(report ? problemsOf(name, json, report, excused) : [])];
}

const server = await serve();
// Its sandbox does not work for root, as which tests may run; the pages are our own.
const browser = await chromium.launch({ executablePath: given.chromium, args: ['--no-sandbox', '--disable-gpu'] });
const problems = [];
const names = (await readdir(given.boards)).filter((file) => file.endsWith('.json')).map((file) => path.basename(file, '.json'));
try {
  await mkdir(given.into, { recursive: true });
  const excused = await excusedNames();
  for (const name of names.sort()) {
    problems.push(...await renderBoard(browser, `http://127.0.0.1:${server.address().port}`, name, excused));
  }
} finally {
  await browser.close();
  server.close();
}
for (const each of problems) {
  console.log(`  ${each}`);
}
console.log(`grafana: ${names.length} boards drawn, ${problems.length} problems`);
process.exitCode = problems.length || !names.length ? 1 : 0;
