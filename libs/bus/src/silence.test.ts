import { SkeinError } from '@skein/protocol';
import { FakeClock } from '@skein/runtime/testing';
import { describe, expect, it } from 'vitest';
import { Silence } from './silence.ts';

function setUp() {
  const clock = new FakeClock();
  let [answer, fail]: [() => void, (error: Error) => void] = [() => {}, () => {}];
  const answered = new Promise<void>((resolve, reject) => ([answer, fail] = [resolve, reject]));
  const server = { asked: 0, silent: 0, answer, fail };
  const silence = new Silence({
    clock,
    ask: () => {
      server.asked++;
      return answered;
    },
    onSilent: () => server.silent++,
  });
  const check = (): { outcome: string | undefined } => {
    const seen = { outcome: undefined as string | undefined };
    silence.check().then(
      () => (seen.outcome = 'there'),
      (error: unknown) => (seen.outcome = SkeinError.from(error).code),
    );
    return seen;
  };
  return { clock, server, silence, check };
}

describe('a server', () => {
  it('a server that sent something lately is not probed', async () => {
    const { clock, server, silence, check } = setUp();
    silence.heard();
    await clock.advance(400);
    const seen = check();
    await clock.advance(0);
    expect([seen.outcome, server.asked]).toEqual(['there', 0]);
  });

  it('a silent server that answers is alive; concurrent checks share one probe', async () => {
    const { clock, server, check } = setUp();
    const [one, other] = [check(), check()];
    await clock.advance(300);
    expect(one.outcome).toBeUndefined();
    server.answer();
    await clock.advance(0);
    expect([one.outcome, other.outcome, server.asked]).toEqual(['there', 'there', 1]);
    const later = check();
    await clock.advance(1000);
    expect([later.outcome, server.asked, server.silent]).toEqual(['there', 1, 0]);
  });

  it('a server without an answer within half a second counts as gone, reported once', async () => {
    const { clock, server, check } = setUp();
    const [one, other] = [check(), check()];
    await clock.advance(499);
    expect(one.outcome).toBeUndefined();
    await clock.advance(1);
    expect([one.outcome, other.outcome, server.silent]).toEqual(['UNAVAILABLE', 'UNAVAILABLE', 1]);
  });

  it('a connection lost during a probe fails the check at once', async () => {
    const { clock, server, check } = setUp();
    const seen = check();
    server.fail(new Error('connection disconnected'));
    await clock.advance(0);
    expect([seen.outcome, server.silent]).toEqual(['UNAVAILABLE', 0]);
  });
});
