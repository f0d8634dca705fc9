/** Six people on three nodes behind two gateways: what all figures are measured with. */
export const SIX_ON_THREE = { people: 6, mediaNodes: 3, gateways: 2, hosts: 'loopback' };
//# sourceMappingURL=scenario.js.map