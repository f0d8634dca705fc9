import type {
  ClientTransport,
  MediaRouter,
  MediaSink,
  MediaSource,
  MediaWorker,
  PipedMedia,
  PipeEndpoint,
} from '../media/engine.ts';
import type { CapacityLedger } from './ledger.ts';
import type { Resource } from './limits.ts';

/** The counts that end together with an object: its own, and those of its parts. */
class Scope implements Disposable {
  readonly #parts = new Set<Disposable>();

  hold<Part extends Disposable>(part: Part): Part {
    this.#parts.add(part);
    return part;
  }

  release(part: Disposable): void {
    this.#parts.delete(part);
    part[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    for (const part of this.#parts) part[Symbol.dispose]();
    this.#parts.clear();
  }
}

/**
 * The same worker with the ledger's limits: its routers refuse clients beyond them with `LIMIT_EXCEEDED`, and count every
 * object until it ends. Pipes are counted and never refused, because present sessions depend on them.
 */
export function limitedWorker(worker: MediaWorker, ledger: CapacityLedger): MediaWorker {
  const routers = new Scope();
  worker.events.on('died', () => routers[Symbol.dispose]());
  return derived(worker, {
    createRouter: () =>
      counted(ledger, 'rooms', routers, async (scope) =>
        limitedRouter(await worker.createRouter(), ledger, scope),
      ),
    close: () => {
      routers[Symbol.dispose]();
      worker.close();
    },
  });
}

type Ends = () => void;

/** Counts first, then creates; a failed creation is not counted. `make` gets the scope of the new object. */
async function counted<Made extends object>(
  ledger: CapacityLedger,
  resource: Resource,
  within: Scope,
  make: (scope: Scope, ends: Ends) => Promise<Made>,
  count: 'take' | 'add' = 'take',
): Promise<Made> {
  const scope = new Scope();
  scope.hold(ledger[count](resource));
  within.hold(scope);
  const ends: Ends = () => within.release(scope);
  try {
    return closing(await make(scope, ends), ends);
  } catch (error) {
    ends();
    throw error;
  }
}

function limitedRouter(router: MediaRouter, ledger: CapacityLedger, scope: Scope): MediaRouter {
  return derived(router, {
    createClientTransport: (direction) =>
      counted(ledger, 'transports', scope, async (own) =>
        limitedTransport(await router.createClientTransport(direction), ledger, own),
      ),
    createPipeEnd: (options) =>
      counted(
        ledger,
        'transports',
        scope,
        async (own) => countedPipeEnd(await router.createPipeEnd(options), ledger, own),
        'add',
      ),
  });
}

function limitedTransport(transport: ClientTransport, ledger: CapacityLedger, scope: Scope): ClientTransport {
  return derived(transport, {
    receive: (media) => source(ledger, scope, () => transport.receive(media), 'take'),
    send: (...sent): Promise<MediaSink> => {
      const [from] = sent;
      return counted(ledger, 'subscriptions', scope, async (_, ends) => {
        const sink = await transport.send(...sent);
        from.events.on('closed', ends);
        return sink;
      });
    },
  });
}

function countedPipeEnd(pipe: PipeEndpoint, ledger: CapacityLedger, scope: Scope): PipeEndpoint {
  return derived(pipe, {
    receive: (media) => source(ledger, scope, () => pipe.receive(media), 'add'),
    send: (from): Promise<PipedMedia> =>
      counted(
        ledger,
        'subscriptions',
        scope,
        async (_, ends) => {
          const piped = await pipe.send(from);
          from.events.on('closed', ends);
          return piped;
        },
        'add',
      ),
  });
}

/** The engine identifies a source by its object, so the object is not wrapped. */
async function source(
  ledger: CapacityLedger,
  scope: Scope,
  make: () => Promise<MediaSource>,
  count: 'take' | 'add',
): Promise<MediaSource> {
  const held = scope.hold(ledger[count]('tracks'));
  try {
    const made = await make();
    if (made.closed) scope.release(held);
    else made.events.on('closed', () => scope.release(held));
    return made;
  } catch (error) {
    scope.release(held);
    throw error;
  }
}

function closing<Made extends object>(made: Made, ends: Ends): Made {
  const { close } = made as { close?: () => void };
  return derived(made, {
    close: () => {
      ends();
      close?.call(made);
    },
  } as unknown as Partial<Made>);
}

/** `original` with some of its members replaced. The others are its own, bound to it. */
function derived<Type extends object>(original: Type, replaced: Partial<Type>): Type {
  return new Proxy(original, {
    get: (target, name) => {
      if (Object.hasOwn(replaced, name)) return Reflect.get(replaced, name) as unknown;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
