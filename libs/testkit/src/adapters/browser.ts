import { readdirSync, readFileSync } from 'node:fs';
import { chromium, type Browser, type BrowserServer, type Page } from 'playwright-core';

export type { Browser, Page };

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream=fps=15',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  // Addresses in ICE candidates instead of mDNS names, which nothing here could resolve.
  '--disable-features=WebRtcHideLocalIpsWithMdns',
];

/** Starts headless Chromium with a fake camera (a moving picture) and microphone (a beep each second). */
export function launchBrowser(
  executablePath = process.env['SKEIN_CHROMIUM'] ?? '/usr/bin/chromium',
): Promise<Browser> {
  return chromium.launch({ executablePath, headless: true, args: FLAGS });
}

/** A Chromium whose processes can be stopped, as a laptop that is closed stops them. */
export class FreezableBrowser implements AsyncDisposable {
  readonly browser: Browser;
  readonly #server: BrowserServer;

  private constructor(browser: Browser, server: BrowserServer) {
    this.browser = browser;
    this.#server = server;
  }

  static async launch(): Promise<FreezableBrowser> {
    const executablePath = process.env['SKEIN_CHROMIUM'] ?? '/usr/bin/chromium';
    const server = await chromium.launchServer({ executablePath, headless: true, args: FLAGS });
    return new FreezableBrowser(await chromium.connect(server.wsEndpoint()), server);
  }

  /** Nothing in it runs any more, and its network connections stay open without an answer. */
  freeze(): void {
    this.#signal('SIGSTOP');
  }

  thaw(): void {
    this.#signal('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.thaw();
    await this.browser.close();
    await this.#server.close();
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#server.process();
    for (const one of pid === undefined ? [] : [pid, ...descendantsOf(pid)]) process.kill(one, signal);
  }
}

function descendantsOf(pid: number): number[] {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(name) === pid)
    .map(Number);
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

function parentOf(pid: string): number | undefined {
  try {
    return Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}
