import { htmlReport } from '@skein/loadtest/report';
import { testDocument } from '@skein/loadtest/testing';
import { launchBrowser, type Browser, type Page } from '@skein/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

describe('the HTML report in a browser', () => {
  const requests: string[] = [];
  const problems: string[] = [];
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1240, height: 1400 } });
    page.on('request', (request) => requests.push(request.url()));
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => problems.push(message.text()));
    const document = testDocument();
    // A value that stands alone, and a gap beside it.
    const [first, second, third] = document.samples;
    const empty = { count: 0, p50: 0, p95: 0, p99: 0, max: 0 };
    const samples = [{ ...first!, joinMs: empty }, second!, { ...third!, joinMs: empty }];
    await page.setContent(htmlReport({ ...document, samples }));
  }, 30_000);

  afterAll(() => browser?.close());

  it('draws every chart with axes of round values, and asks the network for nothing', async () => {
    const charts = await page.locator('figure.chart').count();
    expect(charts).toBe(9);
    expect(await page.locator('figure.chart .plot canvas').count()).toBe(charts);
    expect({ requests, problems }).toEqual({ requests: [], problems: [] });
    expect(await inkOf(page, 'Latency')).toBeGreaterThan(500);
  });

  it('draws a value that stands alone', async () => {
    expect(await inkOf(page, 'Joining')).toBeGreaterThan(20);
  });

  it('shows the values under the pointer in all charts at the same time', async () => {
    const plot = page.locator('figure.chart .u-over').first();
    const { width, height } = (await plot.boundingBox())!;
    await plot.hover({ position: { x: width / 2, y: height / 2 } });
    const legends = await page.locator('figure.chart .u-legend').allInnerTexts();
    expect(legends).toHaveLength(9);
    for (const legend of legends) expect(legend).toContain('0:02');
    expect(legends[0]).toMatch(/p50:?\s*2 ms/);
  });
});

/** Pixels of a chart in the colours of its series. */
function inkOf(page: Page, title: string): Promise<number> {
  return page
    .locator('figure.chart', { has: page.locator('b', { hasText: new RegExp(`^${title}$`) }) })
    .locator('canvas')
    .evaluate((canvas: HTMLCanvasElement) => {
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      let ink = 0;
      for (let at = 0; at < data.length; at += 4) {
        const [red = 0, green = 0, blue = 0, alpha = 0] = data.subarray(at, at + 4);
        if (alpha > 200 && Math.max(red, green, blue) - Math.min(red, green, blue) > 90) ink++;
      }
      return ink;
    });
}
