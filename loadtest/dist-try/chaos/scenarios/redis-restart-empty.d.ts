import { type Scenario } from '../scenario.ts';
export declare const redisRestartEmpty: Scenario;
//# sourceMappingURL=redis-restart-empty.d.ts.map