export {};
//# sourceMappingURL=arguments.test.d.ts.map