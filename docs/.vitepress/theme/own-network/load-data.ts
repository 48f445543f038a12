/** The data of /play: the page there trains on the same files. */
import { textTask } from '../../../../src/data/text.js';
import type { TrainingData } from '../../../../src/data/train-data.js';
import { TEXT_STEPS } from '../../../../src/own-network/own-network.js';
import { fetchMnist, fetchText } from '../../../../src/page/fetch-data.js';
import type { Job } from './train-answers.js';

/** Rejects with a DataError that names the file. */
export async function loadData(
  { subject, folder }: Pick<Job, 'subject' | 'folder'>,
  progress: (part: number) => void,
): Promise<TrainingData> {
  const address = new URL(folder);
  if (subject === 'text') return textTask(await fetchText(address, false, progress), { T: TEXT_STEPS });
  const { train, test } = await fetchMnist(address, false, progress);
  return { train, validation: test };
}
