import { type Scenario } from '../scenario.ts';
export declare const nodeHang: Scenario;
//# sourceMappingURL=node-hang.d.ts.map