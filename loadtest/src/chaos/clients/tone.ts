/**
 * The sound that people of the fault bench send: two tones in turn. Each change between them is heard at a receiver only when
 * that part was really decoded: a decoder that conceals a loss repeats the last tone and fades.
 */
export const TONES_HZ = [400, 1_000] as const;
/** How long each one lasts: whole periods of both, so that the wave has no jumps. It is also how finely gaps are seen. */
export const TONE_MS = 40;
const LOUDNESS = 0.4;

/** One round of both tones, to be played in a loop. */
export function toneSamples(sampleRate: number): Float32Array<ArrayBuffer> {
  const perTone = (sampleRate * TONE_MS) / 1000;
  return Float32Array.from({ length: Math.round(2 * perTone) }, (_, at) => {
    const hertz = at < perTone ? TONES_HZ[0] : TONES_HZ[1];
    return LOUDNESS * Math.sin((2 * Math.PI * hertz * at) / sampleRate);
  });
}

const BLOCK_MS = 10;
/** Fainter samples cross no zero: noise, and what has faded. */
const FAINT = 0.02;
// In 10 ms the low tone crosses zero 8 times, the high one 20 times; what lies between is a change within the block.
const MOST_OF_LOW = 11;
const FEWEST_OF_HIGH = 16;
const FEWEST_OF_LOW = 5;
const MOST_OF_HIGH = 24;

/** Finds the changes of the tone in decoded sound. */
export class ToneMeter {
  readonly #blockSamples: number;
  #samples = 0;
  #crossings = 0;
  #sign = 0;
  #tone: 'low' | 'high' | undefined;

  constructor(sampleRate: number) {
    this.#blockSamples = Math.round((sampleRate * BLOCK_MS) / 1000);
  }

  /** Takes the next samples, in [-1, 1]. Whether the tone changed in what is complete by now. */
  changes(samples: Float32Array): boolean {
    let changed = false;
    for (const sample of samples) {
      const sign = sample > FAINT ? 1 : sample < -FAINT ? -1 : 0;
      if (sign !== 0 && sign !== this.#sign) {
        this.#crossings++;
        this.#sign = sign;
      }
      if (++this.#samples === this.#blockSamples) changed = this.#endBlock() || changed;
    }
    return changed;
  }

  #endBlock(): boolean {
    const tone = toneOf(this.#crossings);
    [this.#samples, this.#crossings] = [0, 0];
    if (tone === undefined || tone === this.#tone) return false;
    this.#tone = tone;
    return true;
  }
}

function toneOf(crossings: number): 'low' | 'high' | undefined {
  if (crossings >= FEWEST_OF_LOW && crossings <= MOST_OF_LOW) return 'low';
  if (crossings >= FEWEST_OF_HIGH && crossings <= MOST_OF_HIGH) return 'high';
  return undefined;
}
