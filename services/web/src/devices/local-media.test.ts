import { describe, expect, it } from 'vitest';
import type { Captured, DeviceProblem } from '../adapters/capture.ts';
import { OwnMedia } from './local-media.ts';

/** Devices that a test has in its hands. */
class Devices {
  readonly live = new Set<string>();
  /** Answers in place of a capture, by device. */
  readonly broken = new Map<string, DeviceProblem>();
  /** As phones do: one is busy while another one is open. */
  oneAtATime = false;

  readonly open = async (_kind: string, deviceId: string): Promise<Captured> => {
    const broken = this.broken.get(deviceId);
    if (broken) return { outcome: 'problem', problem: broken };
    if (this.oneAtATime && this.live.size > 0) return { outcome: 'problem', problem: 'busy' };
    this.live.add(deviceId);
    const { live } = this;
    const track = Object.assign(new EventTarget(), {
      readyState: 'live',
      getSettings: () => ({ deviceId }),
      stop() {
        live.delete(deviceId);
        this.readyState = 'ended';
      },
    });
    return { outcome: 'captured', track: track as unknown as MediaStreamTrack };
  };
}

async function withFront(): Promise<{ devices: Devices; media: OwnMedia }> {
  const devices = new Devices();
  const media = new OwnMedia({ width: 640, height: 360 }, devices.open);
  await media.open('camera', 'front');
  return { devices, media };
}

describe('another device', () => {
  it('takes over once it is there', async () => {
    const { devices, media } = await withFront();
    expect(await media.open('camera', 'back')).toMatchObject({ outcome: 'captured' });
    expect([...devices.live]).toEqual(['back']);
  });

  it.each(['busy', 'missing', 'denied'] as const)(
    'that is %s leaves the one before at work, and chosen',
    async (problem) => {
      const { devices, media } = await withFront();
      devices.broken.set('back', problem);
      const opened = await media.open('camera', 'back');
      expect(opened).toMatchObject({ outcome: 'kept', problem });
      expect(media.track('camera')?.readyState).toBe('live');
      expect([...devices.live]).toEqual(['front']);
      expect(media.deviceId('camera')).toBe('front');
    },
  );

  it('is opened after the one before was let go, where only one can be open', async () => {
    const { devices, media } = await withFront();
    devices.oneAtATime = true;
    expect(await media.open('camera', 'back')).toMatchObject({ outcome: 'captured' });
    expect([...devices.live]).toEqual(['back']);
  });

  it('that cannot be had, and the one before neither, is a problem that shows', async () => {
    const { devices, media } = await withFront();
    devices.broken.set('back', 'busy').set('front', 'failed');
    expect(await media.open('camera', 'back')).toEqual({ outcome: 'problem', problem: 'busy' });
    expect(media.capture('camera')).toEqual({ state: 'problem', problem: 'busy' });
  });

  it('that comes after it was given up is let go', async () => {
    const { devices, media } = await withFront();
    const opening = media.open('camera', 'back');
    media.close('camera');
    expect(await opening).toEqual({ outcome: 'superseded' });
    expect(devices.live.size).toBe(0);
  });
});
