import type { Layers, TrackStats } from '@skein/client';

/** `1.2 Mbit/s`, `48 kbit/s`. */
export function bitrateText(bps: number): string {
  if (bps >= 1_000_000) return `${(bps / 1_000_000).toFixed(1)} Mbit/s`;
  return `${Math.round(bps / 1000)} kbit/s`;
}

export function lossText(ratio: number | undefined): string {
  if (ratio === undefined) return '–';
  const percent = ratio * 100;
  return percent > 0 && percent < 0.1 ? '<0.1 %' : `${percent.toFixed(1)} %`;
}

export function millisecondsText(ms: number | undefined): string {
  if (ms === undefined) return '–';
  return ms < 1 ? '<1 ms' : `${Math.round(ms)} ms`;
}

export function pictureText({ width, height }: Pick<TrackStats, 'width' | 'height'>): string {
  return width && height ? `${width}×${height}` : '–';
}

export function framesText(framesPerSecond: number | undefined): string {
  return framesPerSecond === undefined ? '–' : `${Math.round(framesPerSecond)} per second`;
}

/** Received layers, counted from 1: `2 of 3`, with the temporal layer when known. */
export function layersText(layers: Layers | undefined, spatialLayers: number): string {
  if (!layers) return '–';
  const temporal = layers.temporalLayer === undefined ? '' : `, T${layers.temporalLayer + 1}`;
  return `${layers.spatialLayer + 1} of ${spatialLayers}${temporal}`;
}
