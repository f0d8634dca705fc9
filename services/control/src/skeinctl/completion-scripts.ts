export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** Prints the candidates for the last of the words after it, one a line. The shells call it. */
export const COMPLETE = '__complete';

/**
 * What a shell loads. Names of rooms are text that anybody may choose: no script lets its shell expand a candidate, and each
 * shell quotes what it inserts.
 */
const SCRIPTS: Readonly<Record<Shell, readonly string[]>> = {
  bash: [
    '_skeinctl() {',
    '  local line',
    '  COMPREPLY=()',
    '  while IFS= read -r line; do',
    `    COMPREPLY+=("$(printf '%q' "$line")")`,
    `  done < <(skeinctl ${COMPLETE} -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)`,
    '}',
    'complete -F _skeinctl skeinctl',
  ],
  zsh: [
    '#compdef skeinctl',
    '_skeinctl() {',
    '  local -a candidates',
    `  candidates=("\${(@f)$(skeinctl ${COMPLETE} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")`,
    '  [[ -n "$candidates[1]" ]] && compadd -- "${candidates[@]}"',
    '}',
    'compdef _skeinctl skeinctl',
  ],
  fish: [
    'function __skeinctl_complete',
    '  set -l words (commandline -opc) (commandline -ct)',
    `  skeinctl ${COMPLETE} -- $words[2..] 2>/dev/null`,
    'end',
    "complete -c skeinctl -f -a '(__skeinctl_complete)'",
  ],
};

export function completionScript(shell: Shell): string {
  return SCRIPTS[shell].join('\n');
}
