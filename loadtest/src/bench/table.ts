import { formatTable } from '@skein/runtime';
import type { BenchResult, Json } from './bench.ts';

/** A result for people: one line for each figure, lists of objects as tables. */
export function readable(result: BenchResult): string {
  return Object.entries(result)
    .map(([name, value]) => (isTable(value) ? `\n${name}\n${table(value)}\n` : `${name}: ${inline(value)}`))
    .join('\n');
}

type Row = Readonly<Record<string, Json>>;

function isTable(value: Json): value is readonly Row[] {
  return Array.isArray(value) && value.length > 0 && value.every(isRow);
}

function isRow(value: Json): value is Row {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function inline(value: Json): string {
  if (Array.isArray(value)) return value.map(inline).join(', ');
  if (isRow(value)) {
    return Object.entries(value)
      .map(([name, below]) => `${name} ${isRow(below) ? `(${inline(below)})` : inline(below)}`)
      .join(', ');
  }
  return value === null ? '-' : String(value);
}

function table(rows: readonly Row[]): string {
  const flat = rows.map((row) => new Map(columnsOf(row)));
  const names = [...new Set(flat.flatMap((row) => [...row.keys()]))];
  const columns = names.map((name) => ({
    title: name,
    value: (row: ReadonlyMap<string, string>) => row.get(name) ?? '',
    align: 'right' as const,
  }));
  return formatTable(columns, flat, { indent: 2 });
}

/** `{ answerMs: { p50: 3 } }` becomes the column `answerMs.p50`. */
function columnsOf(row: Row, before = ''): [string, string][] {
  return Object.entries(row).flatMap(([name, value]) =>
    isRow(value) ? columnsOf(value, `${before}${name}.`) : [[`${before}${name}`, inline(value)]],
  );
}
