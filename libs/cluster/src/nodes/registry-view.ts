import type { NodeRegistry, RegisteredNode } from '../leases/node-registry.ts';

/**
 * The registry as one process last read it. Each reading is one command for the changes and all loads. One reading at a
 * time.
 */
export class RegistryView {
  readonly #nodes: Pick<NodeRegistry, 'read'>;
  readonly #known = new Map<string, RegisteredNode>();
  #version: number | undefined;

  constructor(nodes: Pick<NodeRegistry, 'read'>) {
    this.#nodes = nodes;
  }

  /** All nodes with a lease now. Fails `UNAVAILABLE` when the store does not answer. */
  async read(): Promise<readonly RegisteredNode[]> {
    const reading = await this.#nodes.read({ since: this.#version, loads: true });
    if (reading.whole) this.#known.clear();
    for (const nodeId of reading.gone) this.#known.delete(nodeId);
    for (const node of reading.nodes) this.#known.set(node.record.nodeId, node);
    for (const [nodeId, { beat, load, ...lease }] of reading.reports) {
      const known = this.#known.get(nodeId);
      if (known) this.#known.set(nodeId, { ...lease, record: { ...known.record, beat, load } });
    }
    this.#version = reading.version;
    return [...this.#known.values()];
  }
}
