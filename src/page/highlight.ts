/** Pointing at an equation, its lines or its pictures highlights all of them. */
const ATTRIBUTE = 'data-equation';

export function highlightEquationsOnHover(): void {
  const highlightTarget = ({ target }: Event): void => highlight(equationsOf(closest(target)));
  document.addEventListener('pointerover', highlightTarget);
  document.addEventListener('focusin', highlightTarget);
}

const closest = (target: EventTarget | null): Element | null =>
  target instanceof Element ? target.closest(`[${ATTRIBUTE}]`) : null;

const equationsOf = (node: Element | null): string[] => node?.getAttribute(ATTRIBUTE)?.split(' ') ?? [];

function highlight(equations: readonly string[]): void {
  for (const node of document.querySelectorAll(`[${ATTRIBUTE}]`)) {
    const isHighlighted = equationsOf(node).some((equation) => equations.includes(equation));
    node.classList.toggle('highlighted', isHighlighted);
  }
}
