import { type Scenario } from '../scenario.ts';
/** One fault after another, chosen by the seed, until the time is up or an invariant does not hold. */
export declare const random: Scenario;
//# sourceMappingURL=random.d.ts.map