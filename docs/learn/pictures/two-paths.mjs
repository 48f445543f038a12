/** The two paths on which the gradient reaches dc₁: docs/learn/by-hand.md. */
import { valuesOfTheEngine } from '../programs/by-hand.mjs';
import { arrow, box, heads, picture, text } from './svg.mjs';

export function pathsPicture() {
  const values = valuesOfTheEngine();
  const number = (name) => values[name].toFixed(4).replace('-', '−');
  const [first, second, both] = ['first', 'second', 'grey'];
  return picture(720, 348, 'The two paths on which the gradient of the loss reaches the cell state after step 1', [
    heads(first, second, both),
    text(24, 30, 'The gradient moves from right to left, against the forward pass.', { of: 'quiet' }),
    // from the loss to both states
    arrow('M610 96H580', both),
    arrow('M488 96H440V250', both),
    // path through c₂
    arrow('M394 276H132', first),
    // path through h₁
    arrow('M488 84H380', second),
    arrow('M394 262H348V122', second),
    arrow('M286 96H218', second),
    arrow('M126 96H86V250', second),
    box(656, 96, 'L', number('L')),
    box(534, 96, 'dh₂', number('dh₂')),
    box(440, 276, 'dc₂', number('dc₂')),
    box(333, 96, 'dz₂', 'four gates'),
    box(172, 96, 'dh₁', number('dh₁')),
    box(86, 276, 'dc₁', number('dc₁')),
    text(595, 64, '(13′)', { of: 'quiet', anchor: 'middle' }),
    text(448, 190, '(4′)', { of: 'quiet' }),
    text(434, 76, '(4′), (2′)', { of: 'quiet', anchor: 'middle' }),
    text(340, 190, '(3′), (2′)', { of: 'quiet', anchor: 'end' }),
    text(252, 86, '(1′)', { of: 'quiet', anchor: 'middle' }),
    text(96, 176, `(4′)`, { of: 'quiet' }),
    text(96, 196, `dc₁[h₁] = ${number('dc₁[h₁]')}`, { of: second }),
    text(262, 300, `(3′) dc₁[c₂] = ${number('dc₁[c₂]')}`, { of: first, anchor: 'middle' }),
    text(24, 330, `dc₁ = ${number('dc₁[c₂]')} + (${number('dc₁[h₁]')}) = ${number('dc₁')}: both shares are added.`),
  ]);
}
