import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { resolve } = createRequire(import.meta.url);

/** uPlot as a script for a page without modules: it defines `uPlot`. */
export function uplotScript(): string {
  return readFileSync(resolve('uplot/dist/uPlot.iife.min.js'), 'utf8');
}

export function uplotStyle(): string {
  return readFileSync(resolve('uplot/dist/uPlot.min.css'), 'utf8');
}
