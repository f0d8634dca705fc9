export {};
//# sourceMappingURL=summary.test.d.ts.map