import { mkdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runInForeground } from './command.mjs';
import { runNpm } from './npm.mjs';
import { root } from './paths.mjs';
import { runSteps } from './steps.mjs';
import { UserError } from './user-error.mjs';

/** uWebSockets.js has binaries for this major version, and mediasoup, vitest and others want at least it. */
export const NODE_MAJOR = 22;
const NODE_VERSION = '22.23.3';
const toolchain = join(root, '.toolchain');
const toolchainNode = join(toolchain, 'bin', 'node');

/**
 * Makes sure that Node 22 runs this script: installs it into `.toolchain` if need be and runs the script again
 * under it. Resolves with the exit code of that run, or with `undefined` when this Node is the right one.
 */
export async function rerunUnderNode22(progress) {
  if (Number(process.versions.node.split('.')[0]) === NODE_MAJOR) return undefined;
  await runSteps([nodeStep()], progress);
  return runInForeground(toolchainNode, process.argv.slice(1));
}

function nodeStep() {
  return {
    name: 'Node.js',
    check: () =>
      installedVersion() === NODE_VERSION ? undefined : `installing ${NODE_VERSION} into .toolchain`,
    run: async () => {
      const packageName = nodePackage(process.platform, process.arch);
      mkdirSync(toolchain, { recursive: true });
      // Keeps npm from taking the repository's own package.json for the one to install into.
      writeFileSync(join(toolchain, 'package.json'), '{ "private": true }\n');
      await runNpm(['install', '--ignore-scripts', '--no-save', `${packageName}@${NODE_VERSION}`], toolchain);
      mkdirSync(dirname(toolchainNode), { recursive: true });
      rmSync(toolchainNode, { force: true });
      symlinkSync(join('..', 'node_modules', packageName, 'bin', 'node'), toolchainNode);
    },
  };
}

/** The version in `.toolchain`, such as `22.23.3`, read from the symbolic link, which is made last. */
function installedVersion() {
  try {
    const packageFile = join(dirname(dirname(realpathSync(toolchainNode))), 'package.json');
    return JSON.parse(readFileSync(packageFile, 'utf8')).version;
  } catch {
    return undefined;
  }
}

/** The npm package that holds the plain binary and needs no install script. */
export function nodePackage(platform, arch) {
  if (platform === 'linux' && (arch === 'x64' || arch === 'arm64')) return `node-linux-${arch}`;
  throw new UserError(
    `Node.js ${NODE_MAJOR} is required and not available for ${platform}-${arch}; install it by hand`,
  );
}
