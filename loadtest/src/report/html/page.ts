import type { LoadDocument } from '../document.ts';

export function htmlReport(document: LoadDocument): string {
  return `<!doctype html><title>${document.scenario.name}</title>`;
}
