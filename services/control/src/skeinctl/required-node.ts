import { requireNode } from '@skein/runtime/node-version';

// The same range as `engines` in package.json.
requireNode('skeinctl', '>=22.15.0');
