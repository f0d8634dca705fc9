import { describe, expect, it } from 'vitest';
import { fitGrid, TILE_GAP } from './fit-grid.ts';

describe('fitGrid', () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 2],
    [6, 3],
    [9, 3],
    [16, 4],
  ])('shows %i tiles on a desktop in %i columns', (tiles, columns) => {
    expect(fitGrid(1256, 660, tiles).columns).toBe(columns);
  });

  it('stacks a few tiles on a phone in portrait', () => {
    expect(fitGrid(366, 680, 3)).toMatchObject({ columns: 1, tileWidth: 366, scrolls: false });
  });

  it('never exceeds the available size', () => {
    for (let tiles = 1; tiles <= 20; tiles++) {
      const { columns, tileWidth, tileHeight, scrolls } = fitGrid(1000, 700, tiles);
      const rows = Math.ceil(tiles / columns);
      expect(scrolls).toBe(false);
      expect(columns * tileWidth + (columns - 1) * TILE_GAP).toBeLessThanOrEqual(1000);
      expect(rows * tileHeight + (rows - 1) * TILE_GAP).toBeLessThanOrEqual(700);
    }
  });

  it('scrolls when tiles would be too small', () => {
    const grid = fitGrid(366, 300, 40);
    expect(grid).toMatchObject({ columns: 2, scrolls: true });
    expect(grid.tileWidth).toBeGreaterThan(136);
  });

  it('accepts a stage that has no size yet', () => {
    expect(fitGrid(0, 0, 3).tileWidth).toBe(0);
  });
});
