/** What is wider than its place scrolls, and fades at each edge behind which it continues. */

/** What can be too wide: code, tables, equations and pictures. */
const WIDE = '.vp-doc :is(pre, table, .formula, .picture, .scrolling)';

/** Rounded sizes differ by less than this, in pixels. */
const ROUNDING = 1.5;

/** `data-more`, for style/wide.css: which edges hide something. What scrolls can be scrolled by the keyboard, too. */
function hint(element: HTMLElement): void {
  const { scrollLeft, scrollWidth, clientWidth } = element;
  const edges = [scrollLeft > ROUNDING && 'left', scrollLeft + clientWidth < scrollWidth - ROUNDING && 'right'];
  const more = edges.filter((edge) => edge !== false).join(' ');
  if (more === '') delete element.dataset.more;
  else element.dataset.more = more;
  if (scrollWidth > clientWidth + ROUNDING) element.tabIndex = 0;
}

/**
 * For the whole visit: one listener, because an element's scrolling can be heard in the document on its way down, and one observer of
 * what components add to a page.
 */
export function followScrolling(): void {
  const onScroll = ({ target }: Event): void => {
    if (target instanceof HTMLElement && target.matches(WIDE)) hint(target);
  };
  document.addEventListener('scroll', onScroll, { capture: true, passive: true });
  new MutationObserver((changes) => changes.forEach(hintAtChanged)).observe(document.body, {
    childList: true,
    subtree: true,
  });
}

/** A new element is observed. One whose content has changed can be wider now, though its own size is the same. */
function hintAtChanged({ target, addedNodes }: MutationRecord): void {
  if (target instanceof HTMLElement && target.matches(WIDE)) hint(target);
  for (const node of addedNodes) {
    if (!(node instanceof HTMLElement)) continue;
    for (const element of [node, ...node.querySelectorAll<HTMLElement>(WIDE)])
      if (element.matches(WIDE)) observer?.observe(element);
  }
}

const observer =
  typeof ResizeObserver === 'undefined'
    ? undefined
    : new ResizeObserver((entries) => entries.forEach(({ target }) => hint(target as HTMLElement)));

/** Whenever a page is in the document. */
export function hintAtWide(): void {
  observer?.disconnect();
  for (const element of document.querySelectorAll<HTMLElement>(WIDE)) observer?.observe(element);
}
