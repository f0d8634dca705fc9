export interface Grid {
  readonly columns: number;
  /** Pixels. */
  readonly tileWidth: number;
  readonly tileHeight: number;
  /** The tiles do not fit at a readable size: the grid scrolls. */
  readonly scrolls: boolean;
}

export const TILE_GAP = 12;
const ASPECT = 16 / 9;
/** Narrower tiles are not readable. */
const SMALLEST_TILE = 136;

/** The largest 16:9 tiles of which `count` fit into `width` x `height` pixels. */
export function fitGrid(width: number, height: number, count: number): Grid {
  let best = gridOf(1, width, height, count);
  for (let columns = 2; columns <= count; columns++) {
    const grid = gridOf(columns, width, height, count);
    if (grid.tileWidth > best.tileWidth) best = grid;
  }
  return best.tileWidth < SMALLEST_TILE ? scrollingGrid(width) : best;
}

function gridOf(columns: number, width: number, height: number, count: number): Grid {
  const rows = Math.ceil(count / columns);
  const byWidth = (width - TILE_GAP * (columns - 1)) / columns;
  const byHeight = ((height - TILE_GAP * (rows - 1)) / rows) * ASPECT;
  return sized(columns, Math.min(byWidth, byHeight), false);
}

function scrollingGrid(width: number): Grid {
  const columns = Math.max(1, Math.floor((width + TILE_GAP) / (SMALLEST_TILE + TILE_GAP)));
  return sized(columns, (width - TILE_GAP * (columns - 1)) / columns, true);
}

// Rounded down to whole pixels, so that a fraction does not wrap a row.
function sized(columns: number, width: number, scrolls: boolean): Grid {
  const tileWidth = Math.max(0, Math.floor(width));
  return { columns, tileWidth, tileHeight: Math.floor(tileWidth / ASPECT), scrolls };
}
