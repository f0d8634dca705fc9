import { busSettings } from '@skein/bus';
import { storeSettings } from '@skein/cluster';
import { ConfigError, setting, type ConfigOf } from '@skein/runtime';
import { logSettings } from '@skein/telemetry';
import { defaultEvictionLimit, type EvictionLimitPolicy } from './failure-detection/eviction-limit.ts';
import { defaultDetection, type DetectionPolicy } from './failure-detection/verdict.ts';

/** The environment variables of control. */
export const controlSettings = {
  ...busSettings,
  ...storeSettings,
  ...logSettings,
  grpcHost: setting.host('SKEIN_CONTROL_GRPC_HOST', {
    default: '127.0.0.1',
    doc: 'Where the gRPC API listens. The API is unauthenticated: keep it off public networks.',
  }),
  grpcPort: setting.port('SKEIN_CONTROL_GRPC_PORT', { default: 7000, doc: 'Port of the gRPC API.' }),
  suspectAfterMs: setting.integer(
    'SKEIN_CONTROL_SUSPECT_AFTER_MS',
    { min: 500, max: 60_000, unit: 'milliseconds' },
    {
      default: defaultDetection.suspectAfterMs,
      doc: 'How long a media node may be silent before it is suspected and probed. Its heartbeats come every 250 ms. Raise it where a whole site sometimes loses heartbeats.',
    },
  ),
  heardByOthersForMs: setting.integer(
    'SKEIN_CONTROL_HEARD_BY_OTHERS_MS',
    { min: 1000, max: 600_000, unit: 'milliseconds' },
    {
      default: defaultDetection.heardByOthersForMs,
      doc: 'How long a media node is kept that control cannot reach but other nodes still receive from. Longer than `SKEIN_CONTROL_SUSPECT_AFTER_MS`.',
    },
  ),
  evictAtOnce: setting.integer(
    'SKEIN_CONTROL_EVICT_AT_ONCE',
    { min: 1, max: 1000, unit: 'nodes' },
    {
      default: defaultEvictionLimit.atOnce,
      doc: 'When more media nodes than this are missing, or more than half of a region, evictions wait for `SKEIN_CONTROL_LONG_LOOK_MS`.',
    },
  ),
  longLookMs: setting.integer(
    'SKEIN_CONTROL_LONG_LOOK_MS',
    { min: 1000, max: 600_000, unit: 'milliseconds' },
    {
      default: defaultEvictionLimit.longLookMs,
      doc: 'How long the evidence against a media node must stand when many are missing at once. Longer than network failures between sites usually last.',
    },
  ),
};

/** The settings of failure detection. Absent ones have their defaults. */
export type DetectionConfig = Partial<
  Pick<
    ConfigOf<typeof controlSettings>,
    'suspectAfterMs' | 'heardByOthersForMs' | 'evictAtOnce' | 'longLookMs'
  >
>;

/** The policies of failure detection. Throws `ConfigError` where two settings contradict each other. */
export function detectionOf({
  suspectAfterMs = defaultDetection.suspectAfterMs,
  heardByOthersForMs = defaultDetection.heardByOthersForMs,
  evictAtOnce = defaultEvictionLimit.atOnce,
  longLookMs = defaultEvictionLimit.longLookMs,
}: DetectionConfig): { readonly detection: DetectionPolicy; readonly evictionLimit: EvictionLimitPolicy } {
  if (heardByOthersForMs <= suspectAfterMs) {
    throw ConfigError.unworkable(
      controlSettings.heardByOthersForMs.env,
      String(heardByOthersForMs),
      `it must be more than SKEIN_CONTROL_SUSPECT_AFTER_MS, which is ${suspectAfterMs}`,
    );
  }
  const askWitnessesAfterMs = (suspectAfterMs * 2) / 3;
  return {
    detection: { ...defaultDetection, suspectAfterMs, askWitnessesAfterMs, heardByOthersForMs },
    evictionLimit: { ...defaultEvictionLimit, atOnce: evictAtOnce, longLookMs },
  };
}
