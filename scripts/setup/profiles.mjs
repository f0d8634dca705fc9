import { typescriptStep, webPageStep } from './build.mjs';
import { clipsStep } from './clips.mjs';
import { clusterPrograms, debianProgramsStep, TEST_PROGRAMS } from './debian.mjs';
import { npmPackagesStep } from './npm-packages.mjs';
import { runSteps } from './steps.mjs';
import { workerStep } from './worker.mjs';

/** What each kind of script needs before it can start. */
const PROFILES = {
  packages: () => [npmPackagesStep()],
  build: () => [npmPackagesStep(), typescriptStep('tsconfig.build.json'), webPageStep()],
  cluster: (progress) => [
    npmPackagesStep(),
    debianProgramsStep(clusterPrograms(process.env)),
    workerStep(progress),
    typescriptStep('tsconfig.build.json'),
    webPageStep(),
  ],
  tests: (progress) => [
    npmPackagesStep(),
    debianProgramsStep(TEST_PROGRAMS),
    clipsStep(),
    workerStep(progress),
    typescriptStep('tsconfig.json'),
    webPageStep(),
  ],
};

/**
 * Does what is missing of `profile`; with nothing missing it takes some tens of milliseconds. Leaves the worker's
 * path in `process.env.MEDIASOUP_WORKER_BIN` where the profile needs one.
 * @param {keyof typeof PROFILES} profile
 */
export async function setUp(profile, progress) {
  await runSteps(PROFILES[profile](progress), progress);
}
