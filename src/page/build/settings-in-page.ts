/** Replaces `<!-- settings -->` by the fields of the settings form. */
import type { Plugin } from 'vite';
import type { ChoiceField, NumberField } from '../settings-form.js';
import { FIELDS, isNumberField } from '../settings-form.js';
import { LIMITS } from '../settings.js';

export function settingsInPage(): Plugin {
  return {
    name: 'settings-in-page',
    transformIndexHtml: (html) => html.replace('<!-- settings -->', () => FIELDS.map(fieldHtml).join('')),
  };
}

const fieldHtml = (field: NumberField | ChoiceField): string =>
  isNumberField(field) ? numberField(field) : choiceField(field);

function numberField(field: NumberField): string {
  const { name, help, placeholder } = field;
  const { kind, least, most } = LIMITS[name];
  const input = kind === 'whole' ? `type="number" min="${least}" max="${most}" step="1"` : 'inputmode="decimal"';
  const empty = placeholder === undefined ? '' : ` placeholder="${escapeHtml(placeholder)}"`;
  return labelled(field, `<input name="${name}" ${input} autocomplete="off" title="${escapeHtml(help)}"${empty} />`);
}

function choiceField(field: ChoiceField): string {
  const options = Object.entries(field.choices).map(
    ([value, label]) => `<option value="${value}">${escapeHtml(label)}</option>`,
  );
  return labelled(field, `<select name="${field.name}" title="${escapeHtml(field.help)}">${options.join('')}</select>`);
}

function labelled({ label, help, isLive, subject }: NumberField | ChoiceField, control: string): string {
  const live = isLive ? ' <small>live</small>' : '';
  const only = subject ? ` data-subject="${subject}"` : '';
  return `<label${only}><span title="${escapeHtml(help)}">${escapeHtml(label)}${live}</span>${control}</label>\n`;
}

export const escapeHtml = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
