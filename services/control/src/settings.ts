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
    doc: 'Where the gRPC API listens. It asks nobody who they are: keep it off public networks.',
  }),
  grpcPort: setting.port('SKEIN_CONTROL_GRPC_PORT', { default: 7000, doc: 'Port of the gRPC API.' }),
  suspectAfterMs: setting.integer(
    'SKEIN_CONTROL_SUSPECT_AFTER_MS',
    { min: 500, max: 60_000, unit: 'milliseconds' },
    {
      default: defaultDetection.suspectAfterMs,
      doc: 'How long a media node may be silent, which beats every 250 ms, before it is asked whether it lives. Raise it where a whole site loses beats now and then.',
    },
  ),
  heardByOthersForMs: setting.integer(
    'SKEIN_CONTROL_HEARD_BY_OTHERS_MS',
    { min: 1000, max: 600_000, unit: 'milliseconds' },
    {
      default: defaultDetection.heardByOthersForMs,
      doc: 'How long a media node that control cannot reach, but whose packets still arrive at other nodes, is kept before it is evicted. Longer than `SKEIN_CONTROL_SUSPECT_AFTER_MS`.',
    },
  ),
  evictAtOnce: setting.integer(
    'SKEIN_CONTROL_EVICT_AT_ONCE',
    { min: 1, max: 1000, unit: 'nodes' },
    {
      default: defaultEvictionLimit.atOnce,
      doc: 'When more media nodes than this are missing, or more than half of a region, each is looked at for `SKEIN_CONTROL_LONG_LOOK_MS` before it is evicted.',
    },
  ),
  longLookMs: setting.integer(
    'SKEIN_CONTROL_LONG_LOOK_MS',
    { min: 1000, max: 600_000, unit: 'milliseconds' },
    {
      default: defaultEvictionLimit.longLookMs,
      doc: 'How long a media node must stay dead by all evidence when many are missing at once. Longer than the links between sites fail for.',
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
