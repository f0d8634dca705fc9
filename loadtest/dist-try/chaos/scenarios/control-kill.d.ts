import { type Scenario } from '../scenario.ts';
export declare const controlKill: Scenario;
//# sourceMappingURL=control-kill.d.ts.map