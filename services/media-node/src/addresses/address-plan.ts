import {
  addressFamily,
  canonicalIp,
  ConfigError,
  isHost,
  isLinkLocal,
  isLoopback,
  isUnspecified,
  readHostPort,
  type ConfigOf,
  type PortRange,
} from '@skein/runtime';
import type { ListenAddress, PipeListen, WorkerOptions } from '../media/engine.ts';
import type { addressSettings } from './address-settings.ts';

export type AddressSettings = ConfigOf<typeof addressSettings>;

/** The addresses that the node listens on, and those that it announces. None of the latter is unspecified. */
export interface NodeAddresses {
  readonly media: WorkerOptions;
  readonly pipes: PipeListen;
  readonly grpc: GrpcAddress;
  /** Settings that work on one machine only, in one sentence each. */
  readonly warnings: readonly string[];
}

export interface GrpcAddress {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** The address that others call. Without a port: the one that it listens on. */
  readonly announced: { readonly host: string; readonly port?: number | undefined };
}

export interface AddressContext {
  readonly workers: number;
  /** Hosts of NATS and Redis: a remote one means that the cluster has several machines. */
  readonly stores: readonly string[];
}

const MAX_ADDRESSES = 16;
/** In the range for pipes, and in the rest for workers with chosen ports. */
const MIN_PORTS_PER_WORKER = 16;
const LOWEST_CHOSEN_PORT = 1024;
const HIGHEST_PORT = 65_535;

const HOST = 'SKEIN_NODE_HOST';
const ANNOUNCED = 'SKEIN_NODE_ANNOUNCED_ADDRESS';
const RTC_PORT = 'SKEIN_NODE_RTC_PORT';
const PIPE_HOST = 'SKEIN_NODE_PIPE_HOST';
const PIPE_ANNOUNCED = 'SKEIN_NODE_PIPE_ANNOUNCED_ADDRESS';
const PIPE_PORTS = 'SKEIN_NODE_PIPE_PORTS';
const GRPC_HOST = 'SKEIN_NODE_GRPC_HOST';
const GRPC_ANNOUNCED = 'SKEIN_NODE_GRPC_ANNOUNCED_ADDRESS';

/** Plans the listening and the announced addresses. Throws a `ConfigError` that names the setting to change. */
export function planAddresses(settings: AddressSettings, context: AddressContext): NodeAddresses {
  const listen = planListen(settings);
  const media = { listen, ...planPorts(settings, context.workers) };
  const pipes = planPipes(settings);
  const grpc = planGrpc(settings, pipes);
  checkPeersReach(settings, pipes, grpc);
  return { media, pipes, grpc, warnings: warningsFor({ listen, pipes, grpc }, context) };
}

function planListen({ host, announcedAddress }: AddressSettings): ListenAddress[] {
  checkList(HOST, host);
  checkList(ANNOUNCED, announcedAddress);
  for (const ip of host) {
    const all = host.find((other) => isUnspecified(other) && addressFamily(other) === addressFamily(ip));
    if (all !== undefined && all !== ip)
      throw ConfigError.unworkable(HOST, host.join(), `${all} listens on ${ip} as well; name one of them`);
  }
  for (const announced of announcedAddress) checkAnnounced(ANNOUNCED, announced);
  if (announcedAddress.length === 0) return host.map(asItself);
  for (const announced of announcedAddress) {
    if (socketsFor(announced, host).length > 0) continue;
    const family = addressFamily(announced);
    const wanted = `add an ${family} address to listen on to ${HOST}, such as ${family === 'IPv6' ? '::' : '0.0.0.0'}`;
    throw ConfigError.unworkable(ANNOUNCED, announced, `nothing listens on ${family}; ${wanted}`);
  }
  return host.map((ip) => {
    const announced = announcedAddress.filter((address) => socketsFor(address, host).includes(ip));
    if (announced.length > 0) return { ip, announced };
    const wanted = `add ${isUnspecified(ip) ? `an ${addressFamily(ip)} address` : ip} or a host name to ${ANNOUNCED}`;
    throw ConfigError.unworkable(HOST, ip, `clients are told no address for it; ${wanted}`);
  });
}

function asItself(ip: string): ListenAddress {
  if (isUnspecified(ip)) {
    const wanted = `set ${ANNOUNCED} to the addresses at which clients reach this node`;
    throw ConfigError.unworkable(
      HOST,
      ip,
      `it is every address and none that clients could be told; ${wanted}`,
    );
  }
  return { ip, announced: [] };
}

/** The listening addresses at which what is sent to `announced` can arrive. */
function socketsFor(announced: string, listening: readonly string[]): readonly string[] {
  const same = listening.filter((ip) => canonicalIp(ip) === canonicalIp(announced));
  if (same.length > 0) return same;
  const family = addressFamily(announced);
  return listening.filter((ip) => family === undefined || addressFamily(ip) === family);
}

function planPorts(
  { rtcPort, pipePorts, grpcPort }: AddressSettings,
  workers: number,
): Pick<WorkerOptions, 'rtcPort' | 'rtcPorts'> {
  const least = workers * MIN_PORTS_PER_WORKER;
  const range = `${pipePorts.min}-${pipePorts.max}`;
  if (sizeOf(pipePorts) < least) {
    const wanted = `${workers} workers need ${least} ports or more`;
    throw ConfigError.unworkable(PIPE_PORTS, range, `it has ${sizeOf(pipePorts)} ports; ${wanted}`);
  }
  if (rtcPort === 0) return { rtcPort, rtcPorts: outside(pipePorts, least) };
  const last = rtcPort + workers - 1;
  const ports = `${rtcPort}-${last} of ${workers} workers`;
  if (last > HIGHEST_PORT)
    throw ConfigError.unworkable(
      RTC_PORT,
      String(rtcPort),
      `ports ${ports} go past ${HIGHEST_PORT}; set a lower one`,
    );
  if (rtcPort <= pipePorts.max && last >= pipePorts.min) {
    const wanted = `set ${PIPE_PORTS} to ports outside of them, or another ${RTC_PORT}`;
    throw ConfigError.unworkable(PIPE_PORTS, range, `it overlaps ports ${ports} (${RTC_PORT}); ${wanted}`);
  }
  if (grpcPort >= rtcPort && grpcPort <= last)
    throw ConfigError.unworkable(
      'SKEIN_NODE_GRPC_PORT',
      String(grpcPort),
      `it is one of ports ${ports} (${RTC_PORT}); set another one`,
    );
  return { rtcPort };
}

/** The larger part of all ports that is not the range for pipes. */
function outside({ min, max }: PortRange, least: number): PortRange {
  const below = { min: LOWEST_CHOSEN_PORT, max: min - 1 };
  const above = { min: max + 1, max: HIGHEST_PORT };
  const larger = sizeOf(above) >= sizeOf(below) ? above : below;
  if (sizeOf(larger) < least)
    throw ConfigError.unworkable(
      PIPE_PORTS,
      `${min}-${max}`,
      `it leaves the workers no ports of their own; narrow it`,
    );
  return larger;
}

function sizeOf({ min, max }: PortRange): number {
  return Math.max(0, max - min + 1);
}

function planPipes(settings: AddressSettings): PipeListen {
  const { host, pipeHost, pipePorts: ports } = settings;
  const ip = pipeHost || (host[0] ?? '');
  return { ip, announced: announcedForPipes(ip, settings), ports };
}

function announcedForPipes(
  ip: string,
  { host, pipeAnnouncedAddress, announcedAddress }: AddressSettings,
): string {
  const family = addressFamily(ip);
  if (pipeAnnouncedAddress !== '') {
    checkAnnounced(PIPE_ANNOUNCED, pipeAnnouncedAddress);
    if (addressFamily(pipeAnnouncedAddress) === family) return pipeAnnouncedAddress;
    const wanted = `set ${PIPE_HOST} to an ${addressFamily(pipeAnnouncedAddress)} address to listen on`;
    throw ConfigError.unworkable(PIPE_ANNOUNCED, pipeAnnouncedAddress, `pipes listen on ${ip}; ${wanted}`);
  }
  if (!isUnspecified(ip)) return ip;
  const known = [...host, ...announcedAddress].find(
    (one) => addressFamily(one) === family && !isUnspecified(one) && !isLoopback(one),
  );
  if (known !== undefined) return known;
  const wanted = `set ${PIPE_ANNOUNCED} to the ${family} address at which other nodes reach this one (127.0.0.1 or ::1 when all run on this machine)`;
  throw ConfigError.unworkable(
    PIPE_HOST,
    ip,
    `it is every address and none that other nodes could be told; ${wanted}`,
  );
}

function planGrpc(settings: AddressSettings, pipes: PipeListen): GrpcAddress {
  const { grpcHost: host, grpcPort: port, grpcAnnouncedAddress: text } = settings;
  if (text !== '') {
    const announced = isHost(text) ? { host: text } : readHostPort(text);
    if (announced === undefined) throw ConfigError.unworkable(GRPC_ANNOUNCED, text, 'it is no address');
    checkAnnounced(GRPC_ANNOUNCED, announced.host);
    return { host, port, announced };
  }
  if (!isUnspecified(host)) {
    checkAnnounced(GRPC_HOST, host);
    return { host, port, announced: { host } };
  }
  const told = pipes.announced ?? pipes.ip;
  // A socket on `::` takes IPv4 too, one on `0.0.0.0` no IPv6.
  if (addressFamily(host) === 'IPv4' && addressFamily(told) === 'IPv6') {
    const wanted = `listen on :: or set ${GRPC_ANNOUNCED}`;
    throw ConfigError.unworkable(
      GRPC_HOST,
      host,
      `other nodes would be told ${told}, an IPv6 address; ${wanted}`,
    );
  }
  return { host, port, announced: { host: told } };
}

/** Media and calls between two nodes both have to arrive. */
function checkPeersReach(settings: AddressSettings, pipes: PipeListen, grpc: GrpcAddress): void {
  const media = pipes.announced ?? pipes.ip;
  const calls = grpc.announced.host;
  const pipesMeantForOthers = settings.pipeHost !== '' || settings.pipeAnnouncedAddress !== '';
  if (pipesMeantForOthers && !isLoopback(media) && isLoopback(calls)) {
    const wanted = `set ${GRPC_HOST} to an address at which other nodes reach this one`;
    const env = settings.grpcAnnouncedAddress === '' ? GRPC_HOST : GRPC_ANNOUNCED;
    throw ConfigError.unworkable(env, calls, `other nodes are told ${media} for media; ${wanted}`);
  }
  if (isLoopback(media) && !isLoopback(calls)) {
    const wanted = `set ${PIPE_HOST} to an address at which other nodes reach this one`;
    const env =
      settings.pipeAnnouncedAddress !== '' ? PIPE_ANNOUNCED : settings.pipeHost !== '' ? PIPE_HOST : HOST;
    throw ConfigError.unworkable(env, media, `other nodes are told to call ${calls}; ${wanted}`);
  }
}

function checkList(env: string, list: readonly string[]): void {
  if (list.length > MAX_ADDRESSES)
    throw ConfigError.unworkable(
      env,
      list.join(),
      `it has ${list.length} addresses; name ${MAX_ADDRESSES} at most`,
    );
  for (const [index, one] of list.entries()) {
    const ip = canonicalIp(one);
    if (ip !== undefined && list.findIndex((other) => canonicalIp(other) === ip) !== index)
      throw ConfigError.unworkable(env, list.join(), `${one} is in it twice`);
    if (isLinkLocal(one))
      throw ConfigError.unworkable(
        env,
        one,
        'a link-local address is reached by nobody else; name a routed one',
      );
  }
}

function checkAnnounced(env: string, address: string): void {
  if (isUnspecified(address))
    throw ConfigError.unworkable(env, address, 'nobody can be told to call it; name an address of this node');
  if (isLinkLocal(address))
    throw ConfigError.unworkable(
      env,
      address,
      'a link-local address is reached by nobody else; name a routed one',
    );
}

interface Planned {
  readonly listen: readonly ListenAddress[];
  readonly pipes: PipeListen;
  readonly grpc: GrpcAddress;
}

function warningsFor({ listen, pipes, grpc }: Planned, { stores }: AddressContext): string[] {
  const toClients = listen.flatMap(({ ip, announced }) => (announced.length === 0 ? [ip] : announced));
  const warnings: string[] = [];
  const several = [...toClients, ...stores].some((host) => !isLoopback(host));
  if (several && isLoopback(grpc.announced.host)) {
    const reach = isLoopback(pipes.announced ?? pipes.ip) ? `${GRPC_HOST} and ${PIPE_HOST}` : GRPC_HOST;
    warnings.push(
      `only this machine can reach the node’s gRPC and pipes; if nodes or control run on other machines, set ${reach}`,
    );
  }
  if (toClients.some(isLoopback) && [...toClients, ...stores].some((host) => !isLoopback(host)))
    warnings.push(
      `clients are told a loopback address, which works for clients on this machine only; see ${HOST} and ${ANNOUNCED}`,
    );
  return warnings;
}
