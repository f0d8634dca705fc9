import { launchBrowser, type Browser } from '@skein/testkit';
import type { PersonOptions } from '../person-report.ts';
import type { Person } from '../person.ts';
import { NativePeople } from './native/people.ts';
import { PagePerson } from './page-person.ts';
import { PageServer } from './page-server.ts';

/** What people need to call: a browser, and a process for those who have none. Disposing ends all of them. */
export class Crowd implements AsyncDisposable {
  readonly #pages: PageServer;
  readonly #browser: Browser;
  readonly #native: NativePeople;

  private constructor(pages: PageServer, browser: Browser, native: NativePeople) {
    this.#pages = pages;
    this.#browser = browser;
    this.#native = native;
  }

  static async start(): Promise<Crowd> {
    const [pages, browser, native] = await Promise.all([
      PageServer.start(),
      launchBrowser(),
      NativePeople.start(),
    ]);
    return new Crowd(pages, browser, native);
  }

  /** Few cores can run but a few browsers before those are what is measured: others call without one. */
  join(client: 'browser' | 'native', options: PersonOptions): Promise<Person> {
    return client === 'browser'
      ? PagePerson.join(this.#browser, this.#pages.url, options)
      : this.#native.join(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#native[Symbol.asyncDispose](), this.#browser.close()]);
    await this.#pages[Symbol.asyncDispose]();
  }
}
