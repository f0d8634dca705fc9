import { type Scenario } from '../scenario.ts';
export declare const gatewayKill: Scenario;
//# sourceMappingURL=gateway-kill.d.ts.map