import type { ChannelOptions } from '@grpc/grpc-js';

/** The receiver rejects larger messages. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;

/** A peer that hangs without closing its connection counts as lost after 2 to 4 s of silence. */
const KEEPALIVE_TIME_MS = 2_000;
const KEEPALIVE_TIMEOUT_MS = 2_000;

/** Dead callers must be detected too: their streams keep tracks in pipes. */
export const serverKeepalive: ChannelOptions = {
  'grpc.keepalive_time_ms': KEEPALIVE_TIME_MS,
  'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
  // One stream per pulled track, and a room may have thousands; further calls queue at the caller until their deadline.
  'grpc.max_concurrent_streams': 16_384,
};

export const clientChannel: ChannelOptions = {
  'grpc.keepalive_time_ms': KEEPALIVE_TIME_MS,
  'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
  'grpc.client_idle_timeout_ms': 60_000,
  // Closing a channel must close its connection, and peers are reached directly.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
};
