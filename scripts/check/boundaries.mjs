// Imports, rings, folders' order, dialect and clocks of all packages.
import { root } from '../setup/paths.mjs';
import { treeProblems } from './problems.mjs';
import { ORDER } from './rules.mjs';

const problems = treeProblems(root, { order: ORDER });
for (const line of problems) console.log(line);
process.exitCode = problems.length === 0 ? 0 : 1;
