export {};
//# sourceMappingURL=report.test.d.ts.map