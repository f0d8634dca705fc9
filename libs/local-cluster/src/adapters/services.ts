import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addressFamily, hostPort, isUnspecified } from '@skein/runtime';
import { type ReadyEvent, parseReadyLine } from '../ready-line.ts';
import type { ServicePlan } from '../service-plan.ts';
import { Supervised } from './supervised.ts';

/** The repository's folder; this file is at the same depth in `src` and in `dist`. */
export const repositoryRoot = fileURLToPath(new URL('../../../..', import.meta.url));

/** Where the web package leaves the page that the gateways serve. */
export const webDir = join(repositoryRoot, 'services', 'web', 'dist');

const READY_DEADLINE_MS = 30_000;
// Somewhat longer than a service's own stop deadline, after which it exits.
const STOP_DEADLINE_MS = 12_000;

export interface ServicePlace {
  readonly logFile: string | undefined;
  /** The folder that holds `<kind>/dist/main.js` of each service. */
  readonly servicesDir: string;
}

const HOST_SETTINGS = {
  gateway: 'SKEIN_GATEWAY_HOST',
  'media-node': 'SKEIN_NODE_GRPC_HOST',
  control: 'SKEIN_CONTROL_GRPC_HOST',
} as const;

/** What listens on every address is there on the loopback one too. */
function reachableHost(host: string): string {
  if (!isUnspecified(host)) return host;
  return addressFamily(host) === 'IPv6' ? '::1' : '127.0.0.1';
}

/** One service process; what it said when it was ready is kept. */
abstract class ServiceProcess extends Supervised<ReadyEvent> {
  protected ready: ReadyEvent | undefined;
  /** Where it is reached from this machine. */
  protected readonly host: string;

  constructor({ kind, name, env, namespace }: ServicePlan, { logFile, servicesDir }: ServicePlace) {
    const main = join(servicesDir, kind, 'dist', 'main.js');
    super({
      spec: {
        name,
        program: process.execPath,
        args: ['--enable-source-maps', main],
        env,
        logFile,
        namespace,
      },
      readyDeadlineMs: READY_DEADLINE_MS,
      stopDeadlineMs: STOP_DEADLINE_MS,
      readyLine: (line) => {
        const event = parseReadyLine(line);
        return event?.service === kind ? event : undefined;
      },
    });
    this.host = reachableHost(env[HOST_SETTINGS[kind]] || '127.0.0.1');
  }

  override async start(): Promise<ReadyEvent> {
    this.ready = await super.start();
    return this.ready;
  }

  /** Where it is reached, for people. */
  abstract get address(): string;
}

export class GatewayProcess extends ServiceProcess {
  get httpPort(): number {
    return this.ready?.service === 'gateway' ? this.ready.httpPort : 0;
  }

  /** `http://localhost:8080`; browsers take `localhost` for a secure context. Where it listens, when that is elsewhere. */
  get url(): string {
    const host = this.host === '127.0.0.1' ? 'localhost' : this.host;
    return `http://${hostPort(host, this.httpPort)}`;
  }

  get signalUrl(): string {
    return `ws://${hostPort(this.host, this.httpPort)}/v1/signal`;
  }

  get address(): string {
    return this.url;
  }
}

export class MediaNodeProcess extends ServiceProcess {
  get nodeId(): string {
    return this.name;
  }

  get grpcAddress(): string {
    return hostPort(this.host, this.ready?.service === 'media-node' ? this.ready.grpcPort : 0);
  }

  get address(): string {
    return `grpc ${this.grpcAddress}`;
  }
}

export class ControlProcess extends ServiceProcess {
  /** Its holder id of the leader lease. */
  get holderId(): string | undefined {
    return this.ready?.service === 'control' ? this.ready.holderId : undefined;
  }

  get grpcAddress(): string {
    return hostPort(this.host, this.ready?.service === 'control' ? this.ready.grpcPort : 0);
  }

  get address(): string {
    return `grpc ${this.grpcAddress}`;
  }
}
