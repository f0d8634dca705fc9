import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { audioClip, videoClip, type Clips } from '../media/clip.ts';
import { parseIvf } from '../media/ivf.ts';
import { parseOggOpus } from '../media/ogg.ts';

const VIDEOS = ['video-0.ivf', 'video-1.ivf', 'video-2.ivf'];

/** Reads the clips that set-up made (`SKEIN_LOADTEST_CLIPS`). Rejects with a line that says what to do. */
export async function loadClips(folder = process.env['SKEIN_LOADTEST_CLIPS']): Promise<Clips> {
  if (!folder) throw new Error('SKEIN_LOADTEST_CLIPS is not set: start this with npm, which makes the clips');
  try {
    const video = VIDEOS.map(async (name) => {
      const { frames, framesPerSecond } = parseIvf(await readFile(join(folder, name)));
      return videoClip(frames, framesPerSecond);
    });
    const audio = audioClip(parseOggOpus(await readFile(join(folder, 'audio.ogg'))));
    return { audio, video: await Promise.all(video) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`the clips in ${folder} cannot be read (${why}): remove the folder and start again`, {
      cause: error,
    });
  }
}
