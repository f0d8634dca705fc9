import { type Scenario } from '../scenario.ts';
export declare const rollingUpdate: Scenario;
//# sourceMappingURL=rolling-update.d.ts.map