import { type Scenario } from '../scenario.ts';
export declare const natsRestart: Scenario;
//# sourceMappingURL=nats-restart.d.ts.map