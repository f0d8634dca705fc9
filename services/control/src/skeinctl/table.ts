export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  /** Numbers stand at the right. Default: left. */
  readonly align?: 'left' | 'right';
}

/** Aligned columns with a line of titles, two spaces apart. */
export function formatTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ value }) => value(row))),
  ];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => widthOf(line[index] ?? ''))));
  return cells
    .map((line) =>
      line
        .map((text, index) => pad(text, widths[index] ?? 0, columns[index]?.align))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const spaces = ' '.repeat(width - widthOf(text));
  return align === 'left' ? text + spaces : spaces + text;
}

/** In characters as people count them, so that an accent or an emoji does not shift the line. */
function widthOf(text: string): number {
  return Array.from(new Intl.Segmenter().segment(text)).length;
}
