import { InputRefused } from '../cli/input-refused.ts';

/** A scenario that cannot be used. The message says everything that is wrong, one line each. */
export class ScenarioRefused extends InputRefused {
  override readonly name = 'ScenarioRefused';
}
