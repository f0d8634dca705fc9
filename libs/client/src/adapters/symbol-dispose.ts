// Browsers without explicit resource management lack the symbol of `Disposable`.
if (!Reflect.has(Symbol, 'dispose'))
  Object.defineProperty(Symbol, 'dispose', { value: Symbol.for('Symbol.dispose') });
