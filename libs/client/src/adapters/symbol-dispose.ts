// Browsers without explicit resource management lack the symbol that every `Disposable` here is keyed by.
if (!Reflect.has(Symbol, 'dispose'))
  Object.defineProperty(Symbol, 'dispose', { value: Symbol.for('Symbol.dispose') });
