/** Reports the level of a track, 0 to 1, ten times a second until disposed. */
export function watchLevel(track: MediaStreamTrack, report: (level: number) => void): Disposable {
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 512 });
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    // Speech spans about 50 dB; the rest is background noise.
    report(Math.min(1, Math.max(0, 1 + (10 * Math.log10(power + 1e-9)) / 50)));
  }, 100);
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
      void context.close();
    },
  };
}
