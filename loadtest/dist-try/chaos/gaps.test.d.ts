export {};
//# sourceMappingURL=gaps.test.d.ts.map