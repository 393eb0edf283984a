import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Given } from './adaptedClip.js';
import type { Told } from './page.js';

const HTML = `<!doctype html><script src="/page.js"></script><script>vlgraft.tell()</script>`;

const wasmFile = (name: string): Buffer =>
  readFileSync(createRequire(import.meta.url).resolve(`@tensorflow/tfjs-backend-wasm/wasm-out/${name}`));

/** Answers what a page asks for; `told` is called with what it sends. */
function answer(code: string, given: Given, told: (value: Told) => void) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const reply = (type: string, body: string | Buffer) => response.setHeader('Content-Type', type).end(body);
    const path = request.url ?? '/';
    if (path === '/') reply('text/html', HTML);
    else if (path === '/page.js') reply('text/javascript', code);
    else if (path === '/given') reply('application/json', JSON.stringify(given));
    else if (path.endsWith('.wasm')) reply('application/wasm', wasmFile(basename(path)));
    else if (path === '/told') {
      const body = await text(request);
      reply('text/plain', '');
      told(JSON.parse(body) as Told);
    } else response.writeHead(404).end();
  };
}

async function listen(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** Without a window, a profile that is kept, or a graphics card; root can have no sandbox. */
const flags = (profile: string): string[] => [
  '--headless=new',
  `--user-data-dir=${profile}`,
  '--no-first-run',
  '--disable-background-networking',
  '--disable-dev-shm-usage',
  '--enable-unsafe-swiftshader',
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];

/** Opens an address in a browser, and ends it once `work` is done; throws an Error where it ends by itself. */
async function whileOpen<T>(program: string, address: string, work: Promise<T>): Promise<T> {
  const profile = mkdtempSync(join(tmpdir(), 'vlgraft-browser-'));
  const browser = spawn(program, [...flags(profile), address], { stdio: ['ignore', 'ignore', 'pipe'] });
  const said = text(browser.stderr);
  const ended = once(browser, 'close').then(async () => {
    throw new Error(`${program} ended: ${await said}`);
  });
  try {
    return await Promise.race([work, ended]);
  } finally {
    browser.kill();
    await ended.catch(() => {});
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Opens the page in a Chromium and resolves with what it tells. */
export async function inBrowser(program: string, code: string, given: Given): Promise<Told> {
  const page = new EventEmitter();
  const server = createServer(answer(code, given, (value) => page.emit('told', value)));
  try {
    const told = once(page, 'told').then(([value]) => value as Told);
    return await whileOpen(program, await listen(server), told);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
