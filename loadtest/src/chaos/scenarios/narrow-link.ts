import { systemClock } from '@skein/runtime';
import { SIX_ON_THREE, type Scenario } from '../stage/scenario.ts';
import type { Stage } from '../stage/stage.ts';

/** Of what the host sends, in turn. */
const SHARES = [0.5, 0.7];
const SHORT_SHARE = 0.7;
/** How much of what it sent before a host has to send again, once its link is wide. */
const ALL_LAYERS = 0.9;
const ALL_LAYERS_WITHIN_MS = 10_000;

export const narrowLink: Scenario = {
  name: 'narrow-link',
  what: "A media node's host may send half, or 70 %, of what the call needs, for a while. Upper layers give way, and nobody is moved.",
  setting: { ...SIX_ON_THREE, hosts: 'network', layers: 3 },
  rounds: 4,
  recovers: 'healing',
  impact: 'possible',
  bounds: {
    recoverMs: { p95: 1_000, max: 2_000 },
    longestGapMs: { during: { audio: 300, video: 2_000 }, after: { audio: 300, video: 2_000 } },
  },

  async fault(stage) {
    const node = await stage.busyNode();
    const share = stage.form === 'short' ? SHORT_SHARE : (SHARES[(stage.round - 1) % SHARES.length] ?? 1);
    const neededKbps = await stage.sendingKbitPerSecond(node);
    const kbitPerSecond = Math.round(share * neededKbps);
    await stage.nobodyMoves();
    await stage.fault(`${node.name}: may send ${kbitPerSecond} kbit/s, ${share * 100} % of what it did`, () =>
      stage.network.narrow(node.name, { kbitPerSecond }),
    );
    await stage.hold({ longMs: 10_000, shortMs: 2_000 });
    await stage.heals(`${node.name}: link healed`, () => stage.network.heal());
    if (stage.form === 'long') await allLayersAgain(stage, node, neededKbps);
  },
};

/** Full layers are seen by what the host sends: as much as before the fault. */
async function allLayersAgain(
  stage: Stage,
  node: Parameters<Stage['sendingKbitPerSecond']>[0],
  neededKbps: number,
): Promise<void> {
  const healedAtMs = systemClock.monotonicMs();
  for (;;) {
    const kbps = await stage.sendingKbitPerSecond(node);
    const tookMs = Math.round(systemClock.monotonicMs() - healedAtMs);
    if (kbps >= ALL_LAYERS * neededKbps) return stage.say(`all layers are sent again after ${tookMs} ms`);
    if (tookMs >= ALL_LAYERS_WITHIN_MS) {
      stage.failed.push(
        `${node.name} sends ${kbps} kbit/s ${tookMs} ms after its link healed, of ${neededKbps} before: not all layers are back`,
      );
      return;
    }
  }
}
