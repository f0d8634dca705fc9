import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { startCluster, type LocalCluster } from '@skein/local-cluster';
import { eventuallyHolds, launchBrowser, type Browser, type Page } from '@skein/testkit';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The first TypeScript block of the documentation, as a user copies it, for the gateway at `url`. */
function documentedPage(url: string): string {
  const [, source = ''] = /```ts\n([^]*?)```/.exec(readFileSync(`${root}/docs/client-sdk.md`, 'utf8')) ?? [];
  return source.replace('http://127.0.0.1:8080', url);
}

async function bundled(source: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: source, loader: 'ts', resolveDir: `${root}/tests` },
    bundle: true,
    format: 'esm',
    conditions: ['source'],
    write: false,
  });
  return outputFiles[0]!.text;
}

async function serve(script: string): Promise<Server> {
  const server = createServer(({ url }, response) => {
    const isScript = url === '/main.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : '<!doctype html><script type="module" src="main.js"></script>');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return server;
}

/** What a page plays: its elements with media that has advanced. */
const playing = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLMediaElement>('audio, video')]
      .filter(({ currentTime }) => currentTime > 0)
      .map(({ tagName }) => tagName)
      .toSorted(),
  );

describe('the page of the SDK documentation', () => {
  let cluster: LocalCluster;
  let browser: Browser;
  let server: Server;

  beforeAll(async () => {
    [cluster, browser] = await Promise.all([startCluster({ mediaNodes: 2 }), launchBrowser()]);
    server = await serve(await bundled(documentedPage(cluster.gateways[0]!.url)));
  }, 90_000);

  afterAll(async () => {
    await browser?.close();
    server?.close();
    await cluster?.stop();
  });

  it('plays the microphone and the camera of another copy of itself', async () => {
    const { port } = server.address() as AddressInfo;
    const open = async (): Promise<Page> => {
      const page = await (await browser.newContext()).newPage();
      await page.goto(`http://127.0.0.1:${port}/`);
      return page;
    };
    const pages = [await open(), await open()];
    for (const page of pages)
      await eventuallyHolds(async () => expect(await playing(page)).toEqual(['AUDIO', 'VIDEO']));
  }, 30_000);
});
