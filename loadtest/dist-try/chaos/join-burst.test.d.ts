export {};
//# sourceMappingURL=join-burst.test.d.ts.map