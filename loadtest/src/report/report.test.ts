import { describe, expect, it } from 'vitest';
import { clockText, formatBytes, formatCount, formatNumber, formatRate, formatShare } from './format.ts';
import { chartFigure, standingAlone, type ChartData } from './html/chart.ts';
import { thin } from './html/charts.ts';
import { embeddedJson, html } from './html/markup.ts';
import { htmlReport } from './html/page.ts';
import { summaryText } from './summary-text.ts';
import { testDocument } from '../testing/load-document.ts';

describe('markup', () => {
  it('escapes what is put in, and nothing of what is markup', () => {
    const inner = html`<b>${'a < b & "c"'}</b>`;
    expect(html`<p title="${"'"}">${inner}${[inner, 1]}${false}${undefined}</p>`.markup).toBe(
      '<p title="&#39;"><b>a &lt; b &amp; &quot;c&quot;</b><b>a &lt; b &amp; &quot;c&quot;</b>1</p>',
    );
  });

  it('keeps data from ending the script that holds them', () => {
    expect(embeddedJson({ a: '</script>' }).markup).toBe('{"a":"\\u003c/script>"}');
  });
});

it('writes times of a run', () => {
  expect([5000, 65_000, 3_840_000].map(clockText)).toEqual(['0:05', '1:05', '1:04:00']);
});

describe('a chart', () => {
  const chart = { title: 'Loss', hint: 'share', unit: '%', times: [1000, 2000, 3000], marks: [] };

  it('has a gap where nothing was measured', () => {
    const { markup } = chartFigure({ ...chart, series: [{ name: 'loss', values: [1, undefined, 2] }] });
    const [, data = ''] = /<script type="application\/json">([^]*?)<\/script>/.exec(markup) ?? [];
    expect((JSON.parse(data) as ChartData).series).toEqual([
      { name: 'loss', form: 'line', values: [1, null, 2], points: [0, 2] },
    ]);
  });

  it('shows a value that stands alone between missing ones as a point', () => {
    expect(standingAlone([undefined, 5, undefined])).toEqual([1]);
    expect(standingAlone([5, 6, undefined, 7, 8])).toEqual([]);
    expect(standingAlone([5])).toEqual([0]);
  });

  it('says when there is nothing to draw', () => {
    expect(chartFigure({ ...chart, series: [{ name: 'loss', values: [undefined] }] }).markup).toContain(
      'not measured',
    );
  });

  it('has no more points than can be seen', () => {
    const [sample] = testDocument().samples;
    const samples = Array.from({ length: 1000 }, (_, at) => ({
      ...sample!,
      fromMs: at * 1000,
      toMs: (at + 1) * 1000,
    }));
    const stretches = thin(samples, 400);
    expect(stretches).toHaveLength(334);
    expect(stretches.at(-1)?.toMs).toBe(1_000_000);
    expect(stretches.reduce((sum, { joins }) => sum + joins, 0)).toBe(1000 * (sample?.joins ?? 0));
  });
});

describe('a report', () => {
  it('is one file that asks for nothing else', () => {
    const page = htmlReport(testDocument());
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).not.toMatch(/\s(src|href)=|@import|url\(|fetch\(/);
    const shown = page.replace(/<script>[^]*?<\/script>/g, '');
    expect(shown).not.toMatch(/undefined|NaN/);
    for (const title of ['Thresholds', 'Latency', 'Bitrate', 'CPU of the cluster', 'Peers and joins']) {
      expect(page).toContain(title);
    }
  });

  it('shows what strangers wrote as text', () => {
    const scenario = { ...testDocument().scenario, name: '<img src=x onerror=alert(1)>' };
    const page = htmlReport({ ...testDocument(), scenario });
    expect(page).not.toContain('<img');
    expect(page).toContain('&lt;img');
  });

  it('is short on a terminal, and says what is not ok', () => {
    const text = summaryText({ ...testDocument(), ok: false, problems: ['loss is 0.1, more than 0'] });
    expect(text).toContain('small: FAILED');
    expect(text).toContain('not ok: loss is 0.1, more than 0');
    expect(text.split('\n').length).toBeLessThan(40);
  });
});

it('writes figures as people read them', () => {
  expect([9_800_000, 1500, 2e9].map(formatRate)).toEqual(['9.8 Mbit/s', '2 kbit/s', '2.00 Gbit/s']);
  expect([2048, 3 * 2 ** 20].map(formatBytes)).toEqual(['2.0 KiB', '3.0 MiB']);
  expect([0, 0.00001, 0.0005, 0.055, 0.43].map(formatShare)).toEqual([
    '0 %',
    '< 0.01 %',
    '0.05 %',
    '5.5 %',
    '43 %',
  ]);
  expect([999, 1843, 1234567].map(formatCount)).toEqual(['999', '1 843', '1 234 567']);
  expect([0.025, 0.5, 9.87, 12.34, 130.4, 1843].map(formatNumber)).toEqual([
    ...['0.025', '0.5', '9.87', '12.3', '130', '1 843'],
  ]);
});
