/**
 * The page's first script: it chooses light or dark before anything is painted. The choice is that of the site, if the page is
 * a part of it: VitePress stores `light`, `dark` or `auto`. Otherwise it is the browser's.
 */
{
  const dark = matchMedia('(prefers-color-scheme: dark)');

  const stored = () => {
    try {
      return localStorage.getItem('vitepress-theme-appearance');
    } catch {
      return null; // the browser allows no storage
    }
  };

  const choose = () => {
    const choice = stored();
    const isDark = choice === 'dark' || (choice !== 'light' && dark.matches);
    document.documentElement.classList.toggle('dark', isDark);
  };

  choose();
  dark.addEventListener('change', choose);
  addEventListener('storage', choose); // another tab has changed it
  addEventListener('pageshow', choose); // the visitor comes back to this page
}
