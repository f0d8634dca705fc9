import { type Scenario } from '../scenario.ts';
export declare const pipePartition: Scenario;
//# sourceMappingURL=pipe-partition.d.ts.map