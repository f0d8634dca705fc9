/** Input that a tool cannot use, such as a scenario with mistakes: exit code 2. The message names every mistake, one a line. */
export class InputRefused extends Error {
  override readonly name: string = 'InputRefused';
}
