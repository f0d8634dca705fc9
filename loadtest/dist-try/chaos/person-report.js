/** People whose name starts so come and go by plan. */
export const VISITOR = 'visitor';
//# sourceMappingURL=person-report.js.map