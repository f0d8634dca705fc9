import { systemClock, withDeadline } from '@skein/runtime';
import { eventually, type Browser, type Page } from '@skein/testkit';
import type { ClientOptions, ClientView, TrackGaps } from '../client-report.ts';
import type { Client } from '../client.ts';

const JOIN_DEADLINE_MS = 20_000;
// A page that does not answer for this long hangs; its renderer has a core to itself most of the time.
const ANSWER_DEADLINE_MS = 3_000;

/** A page of its own in a real browser. */
export class BrowserClient implements Client {
  readonly identity: string;
  readonly problems: string[] = [];
  readonly #page: Page;
  readonly #options: ClientOptions;

  private constructor(options: ClientOptions, page: Page) {
    this.#options = options;
    this.identity = options.identity;
    this.#page = page;
    page.on('pageerror', (error) => this.problems.push(String(error)));
  }

  static async join(browser: Browser, pageUrl: string, options: ClientOptions): Promise<BrowserClient> {
    const context = await browser.newContext({ viewport: { width: 200, height: 100 } });
    const page = await context.newPage();
    page.setDefaultTimeout(ANSWER_DEADLINE_MS);
    const client = new BrowserClient(options, page);
    await page.goto(pageUrl, { timeout: JOIN_DEADLINE_MS });
    await client.#join(options);
    return client;
  }

  view(): Promise<ClientView> {
    return this.#answer(this.#page.evaluate(() => window.chaosClient!.view()));
  }

  gaps(fromMs: number, toMs: number): Promise<readonly TrackGaps[]> {
    return this.#answer(
      this.#page.evaluate(([from, to]) => window.chaosClient!.gaps(from, to), [fromMs, toMs] as const),
    );
  }

  evidence(trackId: string): Promise<string> {
    return this.#answer(this.#page.evaluate((id) => window.chaosClient!.evidence(id), trackId));
  }

  async expectAbsence(identities: readonly string[]): Promise<void> {
    await this.#answer(this.#page.evaluate((given) => window.chaosClient!.expectAbsence(given), identities));
  }

  leave(): Promise<void> {
    return this.#answer(this.#page.evaluate(() => window.chaosClient!.leave()));
  }

  async rejoin(nodeId: string): Promise<void> {
    await this.leave();
    await this.#page.reload();
    await this.#join({ ...this.#options, nodeId });
  }

  async #join(options: ClientOptions): Promise<void> {
    const timeout = JOIN_DEADLINE_MS;
    await this.#page.waitForFunction(() => window.chaosClient !== undefined, undefined, { timeout });
    // A node that has just started is known to the store some moments before every gateway knows it.
    await eventually(
      `${this.identity} to join`,
      async () => {
        await this.#page.evaluate((given) => window.chaosClient!.join(given), options);
        return true;
      },
      { deadlineMs: timeout, everyMs: 200 },
    );
  }

  /** A hanging page must not block its observer: playwright gives evaluations no deadline. */
  async #answer<Value>(evaluation: Promise<Value>): Promise<Value> {
    return await withDeadline(
      systemClock,
      ANSWER_DEADLINE_MS,
      evaluation,
      () => new Error(`the page of ${this.identity} did not answer within ${ANSWER_DEADLINE_MS} ms`),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#page.context().close();
  }
}
