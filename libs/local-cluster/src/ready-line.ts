/** What a service prints on stdout, as one JSON line, when it serves. */
export type ReadyEvent =
  | { readonly service: 'gateway'; readonly httpPort: number }
  | { readonly service: 'media-node'; readonly nodeId: string; readonly grpcPort: number }
  | { readonly service: 'control'; readonly grpcPort: number; readonly holderId?: string };

/** Reads a line of a service's log; `undefined` for every line that is not its ready event. */
export function parseReadyLine(line: string): ReadyEvent | undefined {
  if (!line.includes('"event":"ready"')) return undefined;
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const { service, httpPort, grpcPort, nodeId, holderId } = fields;
  if (service === 'gateway' && typeof httpPort === 'number') return { service, httpPort };
  if (service === 'control' && typeof grpcPort === 'number')
    return { service, grpcPort, ...(typeof holderId === 'string' && { holderId }) };
  if (service === 'media-node' && typeof grpcPort === 'number' && typeof nodeId === 'string') {
    return { service, nodeId, grpcPort };
  }
  return undefined;
}
