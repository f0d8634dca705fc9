/** A scenario that cannot be used. The message says everything that is wrong, one line each. */
export class ScenarioRefused extends Error {
  override readonly name = 'ScenarioRefused';
}
