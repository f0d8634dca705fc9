import { addressFamily, bracketed, isLoopback } from '@skein/runtime';

export type ServiceKind = 'gateway' | 'media-node' | 'control';

export interface ClusterPlanInput {
  readonly gateways: number;
  readonly mediaNodes: number;
  readonly controls: number;
  /** Default: what `env` says, else 1, since all nodes share one machine. */
  readonly workersPerNode?: number | undefined;
  readonly natsUrl: string;
  readonly redisUrl: string;
  /** One port for each gateway. */
  readonly gatewayPorts: readonly number[];
  /** Of the first one; 0 lets the system choose. */
  readonly controlPort: number;
  /** The built meeting page. */
  readonly webDir: string;
  /** Added to every service's environment; what the plan itself sets has precedence. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where media nodes run, by name. Default: on this machine, at 127.0.0.1. */
  readonly hosts?: Readonly<Record<string, ServiceHost>> | undefined;
}

/** A place with an address of its own. */
export interface ServiceHost {
  readonly address: string;
  /** Its network namespace. */
  readonly namespace: string;
  /** Settings of the media node that runs there, before all others; the addresses too. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

export interface ServicePlan {
  readonly kind: ServiceKind;
  /** `gateway-1`, `media-node-2`, `control`, `control-2`; a media node's is its node id too. */
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  /** Network namespace that it runs in. */
  readonly namespace?: string | undefined;
}

/** Which service processes make up a cluster, and with what environment each is started. */
export function planServices(input: ClusterPlanInput): ServicePlan[] {
  const { webDir } = input;
  const common = commonEnv(input);
  const gateways = names('gateway', input.gateways).map((name, index) =>
    plan(
      'gateway',
      name,
      { SKEIN_GATEWAY_URLS: gatewayUrls(input), ...common },
      {
        SKEIN_GATEWAY_PORT: String(input.gatewayPorts[index] ?? 0),
        SKEIN_GATEWAY_WEB_DIR: webDir,
      },
    ),
  );
  const mediaNodes = names('media-node', input.mediaNodes).map((name) => planMediaNode(input, name));
  const controls = Array.from({ length: input.controls }, (_, index) =>
    plan('control', index === 0 ? 'control' : `control-${index + 1}`, common, {
      SKEIN_CONTROL_GRPC_PORT: String(index === 0 ? input.controlPort : 0),
    }),
  );
  return [...mediaNodes, ...gateways, ...controls];
}

/** How this machine's browsers reach the gateways. What listens elsewhere too has addresses that only its user knows. */
function gatewayUrls({ env, gatewayPorts }: ClusterPlanInput): string {
  const host = env['SKEIN_GATEWAY_HOST'] || '127.0.0.1';
  if (!isLoopback(host)) return '';
  const shown = addressFamily(host) === 'IPv6' ? bracketed(host) : 'localhost';
  return gatewayPorts.map((port) => `http://${shown}:${port}`).join(',');
}

/** One media node; also for one that joins a cluster that runs. */
export function planMediaNode(input: ClusterPlanInput, name: string): ServicePlan {
  const { workersPerNode, hosts } = input;
  const host = hosts?.[name];
  const own = {
    SKEIN_NODE_ID: name,
    SKEIN_NODE_GRPC_PORT: '0',
    ...(workersPerNode === undefined ? {} : { SKEIN_NODE_WORKERS: String(workersPerNode) }),
    ...(host && { SKEIN_NODE_HOST: host.address, SKEIN_NODE_GRPC_HOST: host.address, ...host.env }),
  };
  const { env, ...planned } = plan('media-node', name, commonEnv(input), own);
  return { ...planned, env: host ? env : { ...env, ...ownRtcPort(name, env) }, namespace: host?.namespace };
}

/** The nodes share this machine's ports: a first port that is set is the first node's, the next node's follow. */
function ownRtcPort(name: string, env: Readonly<Record<string, string>>): Record<string, string> {
  const first = Number(env['SKEIN_NODE_RTC_PORT'] ?? 0);
  const workers = Number(env['SKEIN_NODE_WORKERS']);
  const number = Number(/-(\d+)$/.exec(name)?.[1] ?? 1);
  if (!(first > 0) || !(workers > 0)) return {};
  return { SKEIN_NODE_RTC_PORT: String(first + (number - 1) * workers) };
}

function commonEnv({ env, natsUrl, redisUrl }: ClusterPlanInput): Record<string, string> {
  return {
    SKEIN_NODE_WORKERS: '1',
    // A cluster that is stopped as a whole has nowhere to move its calls to, and nobody waits ten minutes for it.
    SKEIN_NODE_DRAIN_DEADLINE_MS: '1000',
    SKEIN_GATEWAY_DRAIN_DEADLINE_MS: '1000',
    // Tests and load tools, which start their own cluster, may choose the node of their clients.
    SKEIN_GATEWAY_NODE_CHOICE: 'true',
    ...definedOnly(env),
    SKEIN_NATS_URL: natsUrl,
    SKEIN_REDIS_URL: redisUrl,
  };
}

function plan(
  kind: ServiceKind,
  name: string,
  common: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string>>,
): ServicePlan {
  return { kind, name, env: { ...common, ...own } };
}

function names(kind: ServiceKind, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${kind}-${index + 1}`);
}

/** What the services of a cluster inherit: everything but settings of Skein's own, which would come by accident. */
export function inheritedEnv(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(definedOnly(env)).filter(([name]) => !name.startsWith('SKEIN_')));
}

function definedOnly(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
