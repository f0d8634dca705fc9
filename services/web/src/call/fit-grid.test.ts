import { describe, expect, it } from 'vitest';
import { fitGrid, TILE_GAP } from './fit-grid.ts';

describe('the grid of tiles', () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 2],
    [6, 3],
    [9, 3],
    [16, 4],
  ])('shows %i people on a desktop in %i columns', (people, columns) => {
    expect(fitGrid(1256, 660, people).columns).toBe(columns);
  });

  it('stacks a few people on a phone held upright', () => {
    expect(fitGrid(366, 680, 3)).toMatchObject({ columns: 1, tileWidth: 366, scrolls: false });
  });

  it('never asks for more room than there is', () => {
    for (let people = 1; people <= 20; people++) {
      const { columns, tileWidth, tileHeight, scrolls } = fitGrid(1000, 700, people);
      const rows = Math.ceil(people / columns);
      expect(scrolls).toBe(false);
      expect(columns * tileWidth + (columns - 1) * TILE_GAP).toBeLessThanOrEqual(1000);
      expect(rows * tileHeight + (rows - 1) * TILE_GAP).toBeLessThanOrEqual(700);
    }
  });

  it('scrolls when tiles would be too small to recognize anyone', () => {
    const grid = fitGrid(366, 300, 40);
    expect(grid).toMatchObject({ columns: 2, scrolls: true });
    expect(grid.tileWidth).toBeGreaterThan(136);
  });

  it('survives a stage that has no size yet', () => {
    expect(fitGrid(0, 0, 3).tileWidth).toBe(0);
  });
});
