import {
  errorResponse,
  HttpError,
  type HttpHandler,
  type HttpHead,
  type HttpRoute,
  type HttpRouter,
} from './http.ts';

/** One path or family of paths, with its methods. `GET` answers `HEAD` too. */
export interface Resource {
  /** Whether it answers requests for `path`, which has no empty segments. */
  readonly matches: (path: string) => boolean;
  readonly methods: Readonly<Partial<Record<HttpMethod, HttpHandler | HttpRoute>>>;
}

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';

/** Routes requests to the first resource that matches; answers 404 and 405 (with `Allow`, RFC 9110 §15.5.6) itself. */
export class Router implements HttpRouter {
  readonly #resources: readonly Resource[];

  constructor(resources: readonly Resource[]) {
    this.#resources = resources;
  }

  route({ method, path: given }: HttpHead): HttpRoute {
    // A base address that ends in a slash, joined with a path that begins with one.
    const path = given.replace(/\/{2,}/g, '/');
    const resource = this.#resources.find(({ matches }) => matches(path));
    if (!resource) return toRoute(() => errorResponse(HttpError.notFound(path), { status: 404 }));
    const name = method === 'HEAD' ? 'GET' : method;
    const { methods } = resource;
    const found = Object.hasOwn(methods, name) ? methods[name as HttpMethod] : undefined;
    if (!found) return toRoute(() => methodNotAllowed(method, resource));
    const { maxBodyBytes, handle } = toRoute(found);
    return {
      maxBodyBytes,
      handle: (request) => handle(request.path === path ? request : { ...request, path }),
    };
  }
}

function toRoute(handler: HttpHandler | HttpRoute): HttpRoute {
  return typeof handler === 'function' ? { maxBodyBytes: 0, handle: handler } : handler;
}

function methodNotAllowed(method: string, { methods }: Resource): ReturnType<typeof errorResponse> {
  const allowed = Object.keys(methods).flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name]));
  const error = HttpError.methodNotAllowed(method, allowed);
  return errorResponse(error, { status: 405, headers: [['allow', allowed.join(', ')]] });
}
