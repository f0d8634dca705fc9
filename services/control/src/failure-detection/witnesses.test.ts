import { createMemoryBus } from '@skein/bus/testing';
import { subjects, witnessQuestion, type WitnessAnswer } from '@skein/protocol';
import { FakeClock } from '@skein/runtime/testing';
import { silentLogger } from '@skein/telemetry';
import { expect, it } from 'vitest';
import { Witnesses } from './witnesses.ts';

type Said = Record<string, readonly (readonly [afterMs: number, heard: WitnessAnswer['heard']])[]>;

/** What comes of a question to nodes that say these things, and how long it takes. */
async function asked(said: Said, { down = false } = {}) {
  const clock = new FakeClock();
  const hub = createMemoryBus({ clock });
  const nodes = hub.connect('nodes');
  nodes.subscribe(subjects.witnessQuestion, (data) => {
    const { questionId, askerId } = witnessQuestion.parse(data);
    for (const [witnessId, answers] of Object.entries(said)) {
      for (const [afterMs, heard] of answers) {
        const answer = { questionId, witnessId, heard };
        clock.after(afterMs, () => nodes.publish(subjects.witnessAnswer(askerId), answer));
      }
    }
  });
  const witnesses = new Witnesses({ bus: hub.connect('ctl'), askerId: 'ctl', clock, log: silentLogger });
  witnesses.start();
  hub.setDown(down);
  const result: { heard?: unknown; tookMs: number } = { tookMs: 0 };
  const beganMs = clock.monotonicMs();
  void witnesses.ask('suspect', 0).then((heard) => {
    result.heard = heard ?? 'unknown';
    result.tookMs = clock.monotonicMs() - beganMs;
  });
  for (let passed = 0; passed < 3000; passed += 10) await clock.advance(10);
  witnesses.stop();
  return result;
}

it('one node that hears the suspect is enough, and ends the wait', async () => {
  const { heard, tookMs } = await asked({
    a: [
      [0, 'listening'],
      [120, 'silent'],
    ],
    b: [[130, 'media']],
  });
  expect(heard).toBe('media');
  expect(tookMs).toBeLessThan(150);
});

it('silence is believed when the time is over', async () => {
  const { heard, tookMs } = await asked({
    a: [
      [0, 'listening'],
      [125, 'silent'],
    ],
  });
  expect(heard).toBe('silent');
  expect(tookMs).toBeLessThanOrEqual(210);
  expect(await asked({})).toMatchObject({ heard: 'nobodyAsked' });
});

it('an answer that was promised is waited for, and missing it is no evidence', async () => {
  expect(
    await asked({
      a: [
        [50, 'listening'],
        [700, 'media'],
      ],
    }),
  ).toMatchObject({ heard: 'media' });
  expect(
    await asked({
      a: [
        [50, 'listening'],
        [700, 'silent'],
      ],
    }),
  ).toMatchObject({ heard: 'silent' });
  expect(await asked({ a: [[50, 'listening']], b: [[120, 'silent']] })).toMatchObject({ heard: 'unknown' });
});

it('a question that did not get out is none', async () => {
  expect(await asked({ a: [[0, 'silent']] }, { down: true })).toMatchObject({ heard: 'unknown' });
});
