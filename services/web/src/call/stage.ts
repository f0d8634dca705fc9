import type { RemoteTrack } from '@skein/client';
import { element } from '../elements/element.ts';
import { fitGrid, TILE_GAP } from './fit-grid.ts';
import { ScreenTile, Tile } from './tile.ts';

/** The tiles of all participants in a grid. A shared screen is large, with the grid as a strip beside it. */
export class Stage implements Disposable {
  readonly root: HTMLElement;
  readonly #grid = element('div', { class: 'grid' });
  readonly #spotlight = element('div', { class: 'spotlight' });
  readonly #emptyTitle = element('h2', {}, 'Nobody is sending yet');
  readonly #empty = element(
    'div',
    { class: 'stage-empty', 'data-testid': 'empty' },
    this.#emptyTitle,
    element('p', {}, 'Video and audio start automatically.'),
  );
  readonly #tiles = new Map<string, Tile>();
  readonly #screens = new Map<string, ScreenTile>();
  readonly #resizing = new ResizeObserver(() => this.#layOut());

  constructor() {
    this.root = element(
      'section',
      { class: 'stage', 'aria-label': 'People in this call' },
      this.#spotlight,
      this.#grid,
      this.#empty,
    );
    this.#resizing.observe(this.#grid);
    this.#showSpotlight();
  }

  get tileCount(): number {
    return this.#tiles.size;
  }

  tile(identity: string): Tile | undefined {
    return this.#tiles.get(identity);
  }

  addTile(identity: string, own: boolean): Tile {
    const tile = new Tile(identity, own);
    this.#tiles.set(identity, tile);
    this.#grid.append(tile.root);
    this.#emptyTitle.textContent = 'Nobody is sending any more';
    this.#layOut();
    return tile;
  }

  removeTile(identity: string): void {
    this.#tiles.get(identity)?.root.remove();
    this.#tiles.delete(identity);
    this.#layOut();
  }

  addScreen(track: RemoteTrack, owner: string): void {
    const screen = new ScreenTile(track, owner);
    this.#screens.set(track.id, screen);
    this.#spotlight.append(screen.root);
    this.#showSpotlight();
  }

  removeScreen(trackId: string): void {
    this.#screens.get(trackId)?.close();
    this.#screens.delete(trackId);
    this.#showSpotlight();
  }

  [Symbol.dispose](): void {
    this.#resizing.disconnect();
  }

  #showSpotlight(): void {
    this.root.classList.toggle('is-presenting', this.#screens.size > 0);
    this.#spotlight.hidden = this.#screens.size === 0;
  }

  #layOut(): void {
    this.#empty.hidden = this.#tiles.size > 0;
    const { clientWidth, clientHeight } = this.#grid;
    const grid = fitGrid(clientWidth, clientHeight, Math.max(1, this.#tiles.size));
    this.#grid.style.setProperty('--tile-width', `${grid.tileWidth}px`);
    this.#grid.style.setProperty('--tile-height', `${grid.tileHeight}px`);
    this.#grid.style.setProperty('--tile-gap', `${TILE_GAP}px`);
    this.#grid.classList.toggle('scrolls', grid.scrolls);
  }
}
