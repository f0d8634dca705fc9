// Imports, rings, folders' order, dialect and clocks of all packages. With --left it shows what transition.mjs still lets pass.
import { root } from '../setup/paths.mjs';
import { treeProblems } from './problems.mjs';
import { ORDER } from './rules.mjs';
import { NOT_YET } from './transition.mjs';

const { failed, left } = treeProblems(root, { order: ORDER, notYet: NOT_YET });
const shown = process.argv.includes('--left') ? [...failed, ...left, `${left.length} left`] : failed;
for (const line of shown) console.log(line);
process.exitCode = failed.length === 0 ? 0 : 1;
