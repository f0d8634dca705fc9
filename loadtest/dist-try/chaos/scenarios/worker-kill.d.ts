import { type Scenario } from '../scenario.ts';
export declare const workerKill: Scenario;
//# sourceMappingURL=worker-kill.d.ts.map