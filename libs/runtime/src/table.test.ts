import { expect, it } from 'vitest';
import { formatTable, type Column } from './table.ts';

interface Node {
  readonly id: string;
  readonly sessions: number;
}

const columns: readonly Column<Node>[] = [
  { title: 'NODE', value: ({ id }) => id },
  { title: 'SESSIONS', value: ({ sessions }) => String(sessions), align: 'right' },
  { title: 'STATE', value: () => 'ready' },
];

it('a table aligns its columns below their titles and leaves no trailing spaces', () => {
  const rows = [
    { id: 'media-1', sessions: 7 },
    { id: 'm2', sessions: 12_345 },
  ];
  expect(formatTable(columns, rows)).toBe(
    ['NODE     SESSIONS  STATE', 'media-1         7  ready', 'm2          12345  ready'].join('\n'),
  );
});

it('a table without titles has rows only, indented as asked', () => {
  const untitled = [
    { title: '', value: ({ id }: Node) => id },
    { title: '', value: ({ sessions }: Node) => String(sessions) },
  ];
  const rows = [
    { id: 'media-1', sessions: 7 },
    { id: 'm2', sessions: 3 },
  ];
  expect(formatTable(untitled, rows, { indent: 2 })).toBe('  media-1  7\n  m2       3');
});

it('a table without rows shows its titles', () => {
  expect(formatTable(columns, [])).toBe('NODE  SESSIONS  STATE');
});

it('a table counts an accent or an emoji as one character', () => {
  const rows = [
    { id: 'Zoe\u0301', sessions: 1 },
    { id: '👩‍🔬', sessions: 1 },
    { id: 'abc', sessions: 1 },
  ];
  const [, accent, emoji, plain] = formatTable(columns, rows).split('\n');
  expect(accent).toBe('Zoe\u0301          1  ready');
  expect(emoji).toBe('👩‍🔬            1  ready');
  expect(plain).toBe('abc          1  ready');
});
