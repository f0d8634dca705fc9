import type { FlowPlan } from './flow.ts';

/** 640x360 in one layer, so that both sides forward the same packets whatever they think of the bandwidth. */
const CAMERA = { source: 'camera', layers: 1, onlyLayer: 2 } as const;
const MICROPHONE = { source: 'microphone' } as const;

export interface ForwardPlan {
  readonly sizes: readonly FlowPlan[];
  /** Each side is measured so often, in turn; the median counts. */
  readonly rounds: number;
  readonly stretchMs: number;
  /** Let go so long before it is measured. */
  readonly settleMs: number;
}

export const FORWARD_PLANS: Readonly<Record<'long' | 'short', ForwardPlan>> = {
  long: {
    sizes: [
      { name: 'meeting of 16', publishers: 16, publish: [MICROPHONE, CAMERA], viewers: 0, mutual: true },
      { name: '5 speakers of 100', publishers: 5, publish: [MICROPHONE], viewers: 95, mutual: true },
      { name: 'webinar of 200', publishers: 1, publish: [MICROPHONE, CAMERA], viewers: 199, mutual: false },
    ],
    ...{ rounds: 8, stretchMs: 3000, settleMs: 700 },
  },
  short: {
    sizes: [{ name: 'meeting of 3', publishers: 3, publish: [MICROPHONE, CAMERA], viewers: 0, mutual: true }],
    ...{ rounds: 1, stretchMs: 1000, settleMs: 300 },
  },
};
