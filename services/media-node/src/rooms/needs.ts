/** Which tracks are needed at which routers, counted: one for each subscription. */
export class TrackNeeds {
  readonly #counts = new Map<string, Map<string, number>>();
  readonly #onChange: () => void;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Holds the need until disposed; disposing twice counts once. */
  hold(trackId: string, routerId: string): Disposable {
    this.#add(trackId, routerId, 1);
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) this.#add(trackId, routerId, -1);
        held = false;
      },
    };
  }

  view(): ReadonlyMap<string, ReadonlySet<string>> {
    return new Map([...this.#counts].map(([trackId, routers]) => [trackId, new Set(routers.keys())]));
  }

  #add(trackId: string, routerId: string, change: 1 | -1): void {
    const routers = this.#counts.get(trackId) ?? new Map<string, number>();
    const count = (routers.get(routerId) ?? 0) + change;
    if (count > 0) routers.set(routerId, count);
    else routers.delete(routerId);
    if (routers.size > 0) this.#counts.set(trackId, routers);
    else this.#counts.delete(trackId);
    if (count === 0 || (count === 1 && change === 1)) this.#onChange();
  }
}
