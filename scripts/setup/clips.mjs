import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from './command.mjs';
import { sharedCache } from './paths.mjs';

/** Raised when what is made changes, so that nobody keeps old clips. */
const RECIPE = 'v2';
const SECONDS = 8;

/** The encodings of a simulcast video, lowest first. */
const VIDEOS = [
  { name: 'video-0.ivf', width: 160, height: 90, fps: 15, kbps: 80 },
  { name: 'video-1.ivf', width: 320, height: 180, fps: 30, kbps: 200 },
  { name: 'video-2.ivf', width: 640, height: 360, fps: 30, kbps: 600 },
];
/** The two tones in turn that the fault bench listens for: `loadtest/src/chaos/clients/tone.ts`. */
const AUDIO = { name: 'audio.ogg', kbps: 32, tone: '0.4*sin(2*PI*t*if(lt(mod(t,0.08),0.04),400,1000))' };

/**
 * Makes the clips that the load tool's peers send: VP8 with a key frame every second, and Opus in 20 ms frames. Names
 * their folder in `env.SKEIN_LOADTEST_CLIPS`.
 */
export function clipsStep(env = process.env) {
  const folder = env.SKEIN_LOADTEST_CLIPS || join(sharedCache(env), 'clips', RECIPE);
  const names = [...VIDEOS, AUDIO].map(({ name }) => name);
  return {
    name: 'clips',
    check: () => {
      env.SKEIN_LOADTEST_CLIPS = folder;
      return names.every((name) => existsSync(join(folder, name))) ? undefined : 'encoding';
    },
    run: async () => {
      mkdirSync(dirname(folder), { recursive: true });
      const work = mkdtempSync(`${folder}-new-`);
      try {
        for (const video of VIDEOS) await ffmpeg(videoArguments(video), join(work, video.name));
        await ffmpeg(audioArguments(AUDIO), join(work, AUDIO.name));
        // As a whole, so that nobody ever sees half of them.
        rmSync(folder, { recursive: true, force: true });
        renameSync(work, folder);
      } finally {
        rmSync(work, { recursive: true, force: true });
      }
    },
  };
}

async function ffmpeg(args, output) {
  await run('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-nostdin', '-y', ...args, output]);
}

function videoArguments({ width, height, fps, kbps }) {
  const rate = `${kbps}k`;
  return [
    ...['-f', 'lavfi', '-i', `testsrc2=size=${width}x${height}:rate=${fps}:duration=${SECONDS}`],
    ...[
      '-c:v',
      'libvpx',
      '-deadline',
      'realtime',
      '-cpu-used',
      '8',
      '-lag-in-frames',
      '0',
      '-auto-alt-ref',
      '0',
    ],
    ...['-b:v', rate, '-minrate', rate, '-maxrate', rate, '-bufsize', rate, '-error-resilient', '1'],
    ...['-g', String(fps), '-keyint_min', String(fps), '-threads', '1', '-f', 'ivf'],
  ];
}

function audioArguments({ kbps, tone }) {
  return [
    ...['-f', 'lavfi', '-i', `aevalsrc='${tone}':sample_rate=48000:duration=${SECONDS}`],
    ...[
      '-ac',
      '1',
      '-c:a',
      'libopus',
      '-b:a',
      `${kbps}k`,
      '-vbr',
      'off',
      '-frame_duration',
      '20',
      '-f',
      'ogg',
    ],
  ];
}
