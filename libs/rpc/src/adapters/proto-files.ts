import { fileURLToPath } from 'node:url';
import { loadSync, type MethodDefinition, type ServiceDefinition } from '@grpc/proto-loader';

// The same steps up from src and from dist.
const PROTO_DIR = fileURLToPath(new URL('../../../../proto/', import.meta.url));
const FILES = ['skein/pipe/v1/pipe.proto', 'skein/node/v1/node.proto', 'skein/control/v1/control.proto'];

export type WireMethod = MethodDefinition<object, object>;
/** The methods of one service as they are on the wire, by their name in camelCase. */
export type WireService = Readonly<Record<string, WireMethod>>;

let loaded: ReturnType<typeof loadSync> | undefined;

/** A service of `proto/`, such as `skein.pipe.v1.PipeService`. Throws for an unknown name. */
export function wireService(name: string): WireService {
  // The same as those that scripts/proto.mjs generates types with.
  loaded ??= loadSync(FILES, {
    includeDirs: [PROTO_DIR],
    longs: Number,
    enums: String,
    defaults: true,
    oneofs: true,
  });
  const service = loaded[name];
  if (!service || 'format' in service) throw new Error(`proto/ has no service ${name}`);
  return Object.fromEntries(
    Object.entries(service as ServiceDefinition).map(([method, wire]) => [wire.originalName ?? method, wire]),
  );
}

export function wireMethod(service: WireService, name: string): WireMethod {
  const method = service[name];
  if (!method) throw new Error(`proto/ has no method ${name}`);
  return method;
}
