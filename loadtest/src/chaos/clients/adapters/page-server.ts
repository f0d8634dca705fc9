import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

// This file is at the same depth in `src` and in `dist`.
const pageSources = fileURLToPath(new URL('../../../../src/chaos/clients/adapters/page', import.meta.url));

const PAGE =
  '<!doctype html><meta charset="utf-8"><title>chaos</title><script type="module" src="/main.js"></script>';

/** Serves the page that people of the fault bench use, bundled from the SDK's sources, on localhost. */
export class PageServer implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<PageServer> {
    const files = new Map([['/', { type: 'text/html', body: PAGE }], ...(await bundle())]);
    const server = createServer(({ url = '/' }, answer) => {
      const file = files.get(url);
      answer.writeHead(file ? 200 : 404, { 'content-type': file?.type ?? 'text/plain' });
      answer.end(file?.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new PageServer(server);
  }

  get url(): string {
    const address = this.#server.address();
    return `http://localhost:${typeof address === 'object' ? address?.port : 0}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function bundle(): Promise<[string, { type: string; body: string }][]> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: ['main', 'arrival-worker'].map((name) => join(pageSources, `${name}.ts`)),
    outdir: '/',
    bundle: true,
    write: false,
    format: 'esm',
    target: 'chrome120',
    conditions: ['source'],
    logLevel: 'silent',
  });
  return outputFiles.map(({ path, text }) => [path, { type: 'text/javascript', body: text }]);
}
