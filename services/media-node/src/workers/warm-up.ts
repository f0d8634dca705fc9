import type { MediaRouter, PipeListen } from '../media/engine.ts';
import type { WorkerPool } from './worker-pool.ts';

/**
 * Creates the objects of a first call on each worker, and frees them: the code is then compiled, and the worker has its
 * certificate. Without it the first joins of a node take some 50 ms longer than later ones.
 */
export async function warmUp(pool: WorkerPool, pipes: PipeListen): Promise<void> {
  await Promise.all(
    pool.slots.map(async ({ index }) => {
      const router = await pool.createRouter(index);
      try {
        for (let round = 0; round < WARM_UP_ROUNDS; round++) await useOnce(router, pipes);
      } finally {
        router.close();
      }
    }),
  );
}

const WARM_UP_ROUNDS = 3;

async function useOnce(router: MediaRouter, listen: PipeListen): Promise<void> {
  const made = await Promise.all([
    router.createClientTransport('send'),
    router.createClientTransport('receive'),
    router.createPipeEnd({ listen, secure: true }),
  ]);
  for (const one of made) one.close();
}
