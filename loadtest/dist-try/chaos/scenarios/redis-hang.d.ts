import { type Scenario } from '../scenario.ts';
export declare const redisHang: Scenario;
//# sourceMappingURL=redis-hang.d.ts.map