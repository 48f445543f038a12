/** The first script of the page on other hosts. If the host does not isolate the page, a service worker does. It reloads the page, and its element says so. */
{
  const TRIED = 'longhand-isolation-tried';

  /** Whether the page is not isolated, could be, and this was not tried before. */
  const mustIsolate = () => {
    try {
      if (crossOriginIsolated) sessionStorage.removeItem(TRIED);
      if (crossOriginIsolated || !navigator.serviceWorker || sessionStorage.getItem(TRIED)) return false;
      sessionStorage.setItem(TRIED, 'yes');
      return true;
    } catch {
      return false; // the browser allows no storage: the page runs on one thread
    }
  };

  if (mustIsolate()) {
    document.currentScript.dataset.reloads = 'yes';
    stop(); // the page starts after the reload, not twice
    const worker = navigator.serviceWorker.register('./isolating-worker.js').then(() => navigator.serviceWorker.ready);
    const patience = new Promise((resolve) => setTimeout(resolve, 3000));
    Promise.race([worker, patience])
      .catch(() => {})
      .finally(() => location.reload());
  }
}
