/** What the figures with the Moby-Dick network show first. Both passages are from the last 5% of the book, which it has not learned from. */

interface Passage {
  readonly name: string;
  readonly text: string;
  /** The last character before the prediction. */
  readonly target: number;
}

const BIRDS =
  '“An hour,” said Ahab, standing rooted in his boat’s stern; and he gazed beyond the whale’s place, towards the dim blue spaces and ' +
  'wide wooing vacancies to leeward. It was only an instant; for again his eyes seemed whirling round in his head as he swept the ' +
  'watery circle. The breeze now freshened; the sea began to swell.\n\n“The birds!—the birds!” cried Tashtego.';

export const PASSAGES: readonly Passage[] = [{ name: 'The birds', text: BIRDS, target: 150 }];

interface Unit {
  readonly unit: number;
  /** Of src/page/text/separation.ts: what it follows. */
  readonly property: string;
  readonly words: string;
}

/** The units whose c separates these properties best, in the first 20,000 characters of the last 5%. */
export const UNITS: readonly Unit[] = [{ unit: 0, property: 'in-quotes', words: 'inside quotation marks' }];
