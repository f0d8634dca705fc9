import { chromium, type Browser, type Page } from 'playwright-core';

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
