import { launchBrowser, type Browser } from '@skein/testkit';
import type { ClientOptions } from '../client-report.ts';
import type { Client } from '../client.ts';
import { NativeClients } from './native/native-clients.ts';
import { BrowserClient } from './browser-client.ts';
import { PageServer } from './page-server.ts';

/** What people need to call: a browser, and a process for those who have none. Disposing ends all of them. */
export class ClientPool implements AsyncDisposable {
  readonly #pages: PageServer;
  readonly #browser: Browser;
  readonly #native: NativeClients;

  private constructor(pages: PageServer, browser: Browser, native: NativeClients) {
    this.#pages = pages;
    this.#browser = browser;
    this.#native = native;
  }

  static async start(): Promise<ClientPool> {
    const [pages, browser, native] = await Promise.all([
      PageServer.start(),
      launchBrowser(),
      NativeClients.start(),
    ]);
    return new ClientPool(pages, browser, native);
  }

  /** Few cores can run but a few browsers before those are what is measured: others call without one. */
  join(client: 'browser' | 'native', options: ClientOptions): Promise<Client> {
    return client === 'browser'
      ? BrowserClient.join(this.#browser, this.#pages.url, options)
      : this.#native.join(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#native[Symbol.asyncDispose](), this.#browser.close()]);
    await this.#pages[Symbol.asyncDispose]();
  }
}
