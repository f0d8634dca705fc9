/** `850 ms`, `16.2 s`, `4 min 31 s`. */
export function formatDuration(ms) {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/**
 * Tells the user what set-up does. `out`: a stream; stderr where stdout is read by a program.
 * On a terminal, `update` rewrites one line; elsewhere it prints a line for every tenth part.
 */
export function createProgress(out) {
  let updating = false;
  let lastTenth = -1;
  const line = (text) => {
    if (updating) out.write('\n');
    updating = false;
    out.write(`${text}\n`);
  };
  return {
    line,
    begin(name, what) {
      lastTenth = -1;
      line(`… ${name}: ${what}`);
    },
    end(name, ms) {
      line(`✓ ${name} (${formatDuration(ms)})`);
    },
    update(text, part) {
      if (out.isTTY) {
        out.write(`\r\x1b[2K  ${text}`);
        updating = true;
      } else if (Math.floor(part * 10) > lastTenth) {
        lastTenth = Math.floor(part * 10);
        line(`  ${text}`);
      }
    },
  };
}
