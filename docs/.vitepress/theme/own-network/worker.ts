/** A worker for one run. What the answers change in the worker, such as `Math.tanh`, ends with it. */
import type { TrainingData } from '../../../../src/data/train-data.js';
import { workOn } from '../exercises/limited-run.js';
import type { Job, Report } from './train-answers.js';

workOn(async (job: Job, report: (message: Report) => void) => {
  const progress = (part: number): void => report({ kind: 'loading', part });
  progress(0);
  const { trainAnswers } = await import('./train-answers.js'); // where evaluation is forbidden, it cannot be loaded
  await trainAnswers(job, () => loadData(job, progress), report);
});

/** The data of /play: the page there trains on the same files. Rejects with a DataError that names the file. */
async function loadData({ subject, folder }: Job, progress: (part: number) => void): Promise<TrainingData> {
  const { fetchMnist, fetchText } = await import('../../../../src/page/fetch-data.js');
  const address = new URL(folder);
  if (subject === 'text') {
    const [{ textTask }, { TEXT_STEPS }] = await Promise.all([
      import('../../../../src/data/text.js'),
      import('../../../../src/own-network/own-network.js'),
    ]);
    return textTask(await fetchText(address, false, progress), { T: TEXT_STEPS });
  }
  const { train, test } = await fetchMnist(address, false, progress);
  return { train, validation: test };
}
