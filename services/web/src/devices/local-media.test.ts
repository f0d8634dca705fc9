import { describe, expect, it } from 'vitest';
import type { Captured, DeviceProblem } from '../adapters/capture.ts';
import { LocalMedia } from './local-media.ts';

/** Devices that a test has in its hands. */
class Devices {
  readonly live = new Set<string>();
  /** Answers in place of a capture, by device. */
  readonly broken = new Map<string, DeviceProblem>();
  /** As phones do: one is busy while another one is open. */
  oneAtATime = false;

  readonly open = async (_kind: string, deviceId: string): Promise<Captured> => {
    const broken = this.broken.get(deviceId);
    if (broken) return { kind: 'problem', problem: broken };
    if (this.oneAtATime && this.live.size > 0) return { kind: 'problem', problem: 'busy' };
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
    return { kind: 'captured', track: track as unknown as MediaStreamTrack };
  };
}

async function withFront(): Promise<{ devices: Devices; media: LocalMedia }> {
  const devices = new Devices();
  const media = new LocalMedia({ width: 640, height: 360 }, devices.open);
  await media.open('camera', 'front');
  return { devices, media };
}

describe('opening another device', () => {
  it('replaces the old capture once the new one is open', async () => {
    const { devices, media } = await withFront();
    expect(await media.open('camera', 'back')).toMatchObject({ kind: 'captured' });
    expect([...devices.live]).toEqual(['back']);
  });

  it.each(['busy', 'missing', 'denied'] as const)(
    'keeps the old capture and choice when the new device is %s',
    async (problem) => {
      const { devices, media } = await withFront();
      devices.broken.set('back', problem);
      const opened = await media.open('camera', 'back');
      expect(opened).toMatchObject({ kind: 'kept', problem });
      expect(media.track('camera')?.readyState).toBe('live');
      expect([...devices.live]).toEqual(['front']);
      expect(media.deviceId('camera')).toBe('front');
    },
  );

  it('stops the old capture first where only one device can be open', async () => {
    const { devices, media } = await withFront();
    devices.oneAtATime = true;
    expect(await media.open('camera', 'back')).toMatchObject({ kind: 'captured' });
    expect([...devices.live]).toEqual(['back']);
  });

  it('shows a problem when neither the new nor the old device opens', async () => {
    const { devices, media } = await withFront();
    devices.broken.set('back', 'busy').set('front', 'failed');
    expect(await media.open('camera', 'back')).toEqual({ kind: 'problem', problem: 'busy' });
    expect(media.capture('camera')).toEqual({ kind: 'problem', problem: 'busy' });
  });

  it('stops a capture that opens after it was cancelled', async () => {
    const { devices, media } = await withFront();
    const opening = media.open('camera', 'back');
    media.close('camera');
    expect(await opening).toEqual({ kind: 'superseded' });
    expect(devices.live.size).toBe(0);
  });
});
