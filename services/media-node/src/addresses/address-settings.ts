import { isHost, readHostPort, setting } from '@skein/runtime';

/** The listening and the announced addresses are separate settings. `planAddresses` checks them against each other. */
export const addressSettings = {
  host: setting.ips('SKEIN_NODE_HOST', {
    default: '127.0.0.1',
    doc: 'Listening addresses for clients’ media, IPv4 and IPv6. `0.0.0.0` and `::` listen on all addresses of the family, and need `SKEIN_NODE_ANNOUNCED_ADDRESS`.',
  }),
  announcedAddress: setting.hosts('SKEIN_NODE_ANNOUNCED_ADDRESS', {
    default: '',
    doc: 'Addresses announced to clients, the preferred one first, such as `203.0.113.7,10.0.0.7,2001:db8::7`; clients try all of them. Empty: `SKEIN_NODE_HOST`.',
  }),
  rtcPort: setting.port('SKEIN_NODE_RTC_PORT', {
    default: 0,
    doc: 'Port of the first worker, UDP and TCP; each further worker has the next port. 0: the system chooses.',
  }),
  pipeHost: setting.ip('SKEIN_NODE_PIPE_HOST', {
    default: '',
    doc: 'Listening address for other nodes’ media. Empty: the first of `SKEIN_NODE_HOST`.',
  }),
  pipeAnnouncedAddress: setting.ip('SKEIN_NODE_PIPE_ANNOUNCED_ADDRESS', {
    default: '',
    doc: 'Address announced to other nodes for their media, such as that of a 1:1 NAT. Empty: `SKEIN_NODE_PIPE_HOST`, or for `0.0.0.0` and `::` the first IP address announced to clients.',
  }),
  pipePorts: setting.portRange('SKEIN_NODE_PIPE_PORTS', {
    default: '20000-29999',
    doc: 'UDP ports for media between nodes: one per pair of routers of a room, so at least 16 per worker. Must not contain the workers’ own ports.',
  }),
  grpcHost: setting.host('SKEIN_NODE_GRPC_HOST', {
    default: '127.0.0.1',
    doc: 'Listening address of gRPC, for other nodes and control. Unauthenticated: keep it off public networks.',
  }),
  grpcPort: setting.port('SKEIN_NODE_GRPC_PORT', { default: 0, doc: 'Listening port of gRPC.' }),
  grpcAnnouncedAddress: setting.checked(
    'SKEIN_NODE_GRPC_ANNOUNCED_ADDRESS',
    {
      check: (text) => {
        if (text !== '' && !isHost(text) && !readHostPort(text)) throw new RangeError('not allowed');
      },
      allowed: 'an IP address or a host name, `HOST:PORT`, or empty',
    },
    {
      default: '',
      doc: 'Address of gRPC announced to other nodes and control. Empty: `SKEIN_NODE_GRPC_HOST`, or for `0.0.0.0` and `::` the address announced to other nodes for their media.',
    },
  ),
} as const;
