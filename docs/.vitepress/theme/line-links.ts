/** In the page of a source file, the address's lines are highlighted: #L12 or #L12-L20. */
import type { Router } from 'vitepress';

export function followLineLinks(router: Router): void {
  const show = (): void => {
    const [, first, last = first] = /^#L(\d+)(?:-L(\d+))?$/.exec(location.hash) ?? [];
    for (const line of document.querySelectorAll('.source-page .line')) {
      const number = Number(line.id.slice(1));
      line.classList.toggle('linked', number >= Number(first) && number <= Number(last));
    }
  };
  addEventListener('hashchange', show);
  addEventListener('popstate', show);
  router.onAfterPageLoad = () => void setTimeout(show); // once the page is in the document
}
