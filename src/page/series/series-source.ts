/** The table that is read: the example, or a file that the visitor chooses or drops on the page. */
import { button, chooseFile, element, setText } from '../dom.js';

interface SourceListener {
  readonly onFile: (file: File) => void;
  readonly onExample: () => void;
}

export class SeriesSource {
  constructor({ onFile, onExample }: SourceListener) {
    button('use-example').addEventListener('click', onExample);
    chooseFile('choose-series', 'series-file', onFile);
    const frame = element('series-source', HTMLElement);
    document.addEventListener('dragover', (event) => {
      if (event.dataTransfer?.types.includes('Files') !== true) return;
      event.preventDefault();
      frame.classList.add('dropping');
    });
    document.addEventListener('dragleave', () => frame.classList.remove('dropping'));
    document.addEventListener('drop', (event) => {
      frame.classList.remove('dropping');
      const file = event.dataTransfer?.files[0];
      if (!file) return;
      event.preventDefault();
      onFile(file);
    });
  }

  show(name: string): void {
    setText('series-name', name);
  }
}
