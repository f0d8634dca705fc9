import { type Scenario } from '../scenario.ts';
export declare const nodeKill: Scenario;
//# sourceMappingURL=node-kill.d.ts.map