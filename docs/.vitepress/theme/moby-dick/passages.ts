/** What the figures with the Moby-Dick network show. The passage is from the last 5% of the book, which the network has not learned from. */

export const PASSAGE =
  '“An hour,” said Ahab, standing rooted in his boat’s stern; and he gazed beyond the whale’s place, towards the dim blue spaces and ' +
  'wide wooing vacancies to leeward. It was only an instant; for again his eyes seemed whirling round in his head as he swept the ' +
  'watery circle. The breeze now freshened; the sea began to swell.\n\n“The birds!—the birds!” cried Tashtego.';

/** The last character before the prediction that is shown first: the ! before the last closing mark. */
export const TARGET = 344;

/** For some properties of src/page/text/separation.ts: the unit whose c separates them best in the last 5%, and its area under the curve. */
export const UNITS = [
  { property: 'in-quotes', unit: 121, auc: 0.91, words: 'inside quotation marks' },
  { property: 'long-word', unit: 11, auc: 0.87, words: 'late in a long word' },
  { property: 'vowel', unit: 154, auc: 0.05, words: 'at a vowel: it falls' },
  { property: 'capital', unit: 111, auc: 0.04, words: 'at a capital letter: it falls' },
] as const;
