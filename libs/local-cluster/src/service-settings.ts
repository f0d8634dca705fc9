import type { ServiceKind } from './service-plan.ts';

const SERVERS = [
  ...['SKEIN_NATS_URL', 'SKEIN_NATS_USER', 'SKEIN_NATS_PASSWORD', 'SKEIN_NATS_TOKEN'],
  ...['SKEIN_NATS_CREDS_FILE', 'SKEIN_NATS_NKEY_FILE'],
  ...['SKEIN_NATS_CA_FILE', 'SKEIN_NATS_CERT_FILE', 'SKEIN_NATS_KEY_FILE'],
  ...['SKEIN_REDIS_URL', 'SKEIN_REDIS_USER', 'SKEIN_REDIS_PASSWORD'],
  ...['SKEIN_REDIS_SENTINEL_USER', 'SKEIN_REDIS_SENTINEL_PASSWORD'],
  ...['SKEIN_REDIS_CA_FILE', 'SKEIN_REDIS_CERT_FILE', 'SKEIN_REDIS_KEY_FILE'],
];

const OF_ALL = [...SERVERS, 'SKEIN_LOG_LEVEL'];

/**
 * The variables that each kind of service reads: the names in `docs/configuration.md`. A service passes over the ones that it does
 * not know, since they may be another one's; who sets them for a whole cluster can tell a name that is nobody's.
 */
export const SERVICE_SETTINGS: Readonly<Record<ServiceKind, readonly string[]>> = {
  gateway: [
    ...OF_ALL,
    'SKEIN_REGION',
    'SKEIN_GATEWAY_HOST',
    'SKEIN_GATEWAY_PORT',
    'SKEIN_GATEWAY_WEB_DIR',
    'SKEIN_GATEWAY_URLS',
    'SKEIN_ICE_SERVERS',
    'SKEIN_ROOM_MAX_PARTICIPANTS',
    'SKEIN_GATEWAY_RESUME_GRACE_MS',
    'SKEIN_GATEWAY_NODE_CHOICE',
    'SKEIN_GATEWAY_MAX_CONNECTIONS',
    'SKEIN_GATEWAY_CHANGES_PER_SECOND',
    'SKEIN_GATEWAY_CHANGES_BURST',
    'SKEIN_GATEWAY_SYNCS_PER_SECOND',
    'SKEIN_GATEWAY_DRAIN_DEADLINE_MS',
  ],
  'media-node': [
    ...OF_ALL,
    'SKEIN_REGION',
    'SKEIN_NODE_ID',
    'SKEIN_NODE_WORKERS',
    'SKEIN_NODE_HOST',
    'SKEIN_NODE_ANNOUNCED_ADDRESS',
    'SKEIN_NODE_RTC_PORT',
    ...['SKEIN_NODE_PIPE_HOST', 'SKEIN_NODE_PIPE_ANNOUNCED_ADDRESS', 'SKEIN_NODE_PIPE_PORTS'],
    ...['SKEIN_NODE_GRPC_HOST', 'SKEIN_NODE_GRPC_PORT', 'SKEIN_NODE_GRPC_ANNOUNCED_ADDRESS'],
    'SKEIN_NODE_DRAIN_DEADLINE_MS',
    'SKEIN_NODE_MAX_PACKETS_PER_SECOND',
    'SKEIN_NODE_MAX_WORKER_CPU',
    'SKEIN_NODE_MAX_WORKER_SESSIONS',
    'SKEIN_NODE_LIMIT_SESSIONS',
    'SKEIN_NODE_LIMIT_ROOMS',
    'SKEIN_NODE_LIMIT_TRANSPORTS',
    'SKEIN_NODE_LIMIT_TRACKS',
    'SKEIN_NODE_LIMIT_SUBSCRIPTIONS',
    'SKEIN_NODE_WORKER_LIMIT_SESSIONS',
    'SKEIN_NODE_WORKER_LIMIT_ROOMS',
    'SKEIN_NODE_WORKER_LIMIT_TRANSPORTS',
    'SKEIN_NODE_WORKER_LIMIT_TRACKS',
    'SKEIN_NODE_WORKER_LIMIT_SUBSCRIPTIONS',
  ],
  control: [
    ...OF_ALL,
    'SKEIN_CONTROL_GRPC_HOST',
    'SKEIN_CONTROL_GRPC_PORT',
    'SKEIN_CONTROL_SUSPECT_AFTER_MS',
    'SKEIN_CONTROL_HEARD_BY_OTHERS_MS',
    'SKEIN_CONTROL_EVICT_AT_ONCE',
    'SKEIN_CONTROL_LONG_LOOK_MS',
  ],
};

/** What `planServices` sets regardless of the environment: stores, and what distinguishes processes. */
export const PLANNED_SETTINGS = [
  'SKEIN_NATS_URL',
  'SKEIN_REDIS_URL',
  'SKEIN_GATEWAY_PORT',
  'SKEIN_GATEWAY_WEB_DIR',
  'SKEIN_NODE_ID',
  'SKEIN_NODE_GRPC_PORT',
  'SKEIN_CONTROL_GRPC_PORT',
] as const;

/** The variables that somebody who starts a cluster may set for all of its services, and that then have an effect. */
export function clusterSettings(): string[] {
  const planned: readonly string[] = PLANNED_SETTINGS;
  return [...new Set(Object.values(SERVICE_SETTINGS).flat())].filter((name) => !planned.includes(name));
}
