/** Something that the user can mend: the message is all that is shown, and the exit code is 1 (2 for wrong usage). */
export class UserError extends Error {
  name = 'UserError';

  constructor(message, { exitCode = 1, cause } = {}) {
    super(message, { cause });
    this.exitCode = exitCode;
  }
}
