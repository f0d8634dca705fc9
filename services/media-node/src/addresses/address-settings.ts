import { isHost, readHostPort, setting } from '@skein/runtime';

/** The listening and the announced addresses are separate settings. `planAddresses` checks them against each other. */
export const addressSettings = {
  host: setting.ips('SKEIN_NODE_HOST', {
    default: '127.0.0.1',
    doc: 'Addresses on which clients’ media is received, IPv4 and IPv6. `0.0.0.0` and `::` listen on all of that family, and need `SKEIN_NODE_ANNOUNCED_ADDRESS`.',
  }),
  announcedAddress: setting.hosts('SKEIN_NODE_ANNOUNCED_ADDRESS', {
    default: '',
    doc: 'Addresses that clients are told, the preferred one first, such as `203.0.113.7,10.0.0.7,2001:db8::7`; clients try all of them. Empty: `SKEIN_NODE_HOST`.',
  }),
  rtcPort: setting.port('SKEIN_NODE_RTC_PORT', {
    default: 0,
    doc: 'First worker’s port, UDP and TCP; each next worker has the next port. 0: the system chooses.',
  }),
  pipeHost: setting.ip('SKEIN_NODE_PIPE_HOST', {
    default: '',
    doc: 'Address on which other nodes’ media is received. Empty: the first of `SKEIN_NODE_HOST`.',
  }),
  pipeAnnouncedAddress: setting.ip('SKEIN_NODE_PIPE_ANNOUNCED_ADDRESS', {
    default: '',
    doc: 'Address that other nodes are told for their media, such as that of a 1:1 NAT. Empty: `SKEIN_NODE_PIPE_HOST`, or for `0.0.0.0` and `::` the first IP address that clients are told.',
  }),
  pipePorts: setting.portRange('SKEIN_NODE_PIPE_PORTS', {
    default: '20000-29999',
    doc: 'UDP ports for media between nodes: one per pair of routers of a room, so at least 16 per worker. Workers’ own ports lie outside.',
  }),
  grpcHost: setting.host('SKEIN_NODE_GRPC_HOST', {
    default: '127.0.0.1',
    doc: 'Address that gRPC listens on, for other nodes and control. It asks nobody who they are: keep it off public networks.',
  }),
  grpcPort: setting.port('SKEIN_NODE_GRPC_PORT', { default: 0, doc: 'Port that gRPC listens on.' }),
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
      doc: 'Where other nodes and control are told to call gRPC. Empty: `SKEIN_NODE_GRPC_HOST`, or for `0.0.0.0` and `::` what other nodes are told for their media.',
    },
  ),
} as const;
