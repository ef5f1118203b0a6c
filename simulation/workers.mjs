import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import process from 'node:process';

/**
 * Gives jobs to processes of their own, as many as there are cores or `count`; each takes the next one when it is done.
 * `next` gives the next job, and undefined when there is none left. Rejects when a process ends by itself.
 *
 * @template Job, Result
 * @param {URL} script what `serveJobs` runs in
 * @param {() => Job | undefined} next
 * @param {(job: Job, result: Result) => void} onDone
 * @param {number} [count]
 */
export async function inWorkers(script, next, onDone, count = availableParallelism()) {
  const workers = Array.from({ length: count }, () => fork(script));
  try {
    await Promise.all(workers.map((worker) => work(worker, next, onDone)));
  } finally {
    for (const worker of workers) if (worker.connected) worker.disconnect();
  }
}

/**
 * @template Job, Result
 * @param {import('node:child_process').ChildProcess} worker
 * @param {() => Job | undefined} next
 * @param {(job: Job, result: Result) => void} onDone
 */
async function work(worker, next, onDone) {
  for (let job = next(); job !== undefined; job = next()) {
    const given = /** @type {any} */ (job);
    onDone(
      job,
      await new Promise((resolve, reject) => {
        const onExit = () => reject(new Error(`a worker ended in the middle of ${JSON.stringify(given)}`));
        worker.once('exit', onExit);
        worker.once('message', (result) => {
          worker.off('exit', onExit);
          resolve(/** @type {any} */ (result));
        });
        worker.send(given);
      }),
    );
  }
}

/**
 * The worker's side: answers each job. Resolves when the parent has gone or needs it no more.
 *
 * @param {(job: any) => Promise<unknown>} run
 */
export function serveJobs(run) {
  return new Promise((resolve, reject) => {
    process.once('disconnect', resolve);
    process.on('message', (job) => {
      run(job).then((result) => process.send?.(result), reject);
    });
  });
}
