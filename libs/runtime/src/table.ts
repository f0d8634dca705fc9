export interface Column<Row> {
  /** A table whose titles are all empty has no line of titles. */
  readonly title: string;
  readonly value: (row: Row) => string;
  /** Numbers stand at the right. Default: left. */
  readonly align?: 'left' | 'right';
}

/** Rows as text: aligned columns, two spaces apart, below a line of titles. `indent`: spaces before each line; default 0. */
export function formatTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { indent = 0 }: { readonly indent?: number } = {},
): string {
  const titles = columns.map(({ title }) => title);
  const cells = rows.map((row) => columns.map(({ value }) => value(row)));
  const lines = titles.every((title) => title === '') ? cells : [titles, ...cells];
  const widths = columns.map((_, index) => Math.max(0, ...lines.map((line) => widthOf(line[index] ?? ''))));
  return lines
    .map((line) => line.map((text, index) => pad(text, widths[index] ?? 0, columns[index]?.align)).join('  '))
    .map((line) => `${' '.repeat(indent)}${line}`.trimEnd())
    .join('\n');
}

function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const spaces = ' '.repeat(width - widthOf(text));
  return align === 'left' ? text + spaces : spaces + text;
}

const characters = new Intl.Segmenter();

/** In characters as people count them, so that an accent or an emoji does not shift the line. */
function widthOf(text: string): number {
  return Array.from(characters.segment(text)).length;
}
