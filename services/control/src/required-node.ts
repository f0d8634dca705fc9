import { requireNode } from '@skein/runtime/node-version';

// The same range as `engines` in package.json.
requireNode('Control', '>=22.15.0');
