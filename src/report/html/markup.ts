// HTML as a template that escapes: whatever a report says, nothing of it becomes an element, an attribute or a script.

import { harmless } from '../table.js';

/** HTML that is safe as it stands. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What a template takes: text is escaped, markup is not, and what is not there leaves nothing. */
export type Content = Markup | string | number | null | undefined | false | readonly Content[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function written(content: Content): string {
  if (content === null || content === undefined || content === false) return '';
  if (content instanceof Markup) return content.text;
  if (typeof content === 'object') return content.map(written).join('');
  return harmless(String(content)).replace(/[&<>"']/g, (character) => entities[character] ?? '');
}

/** Safe between tags and in quoted attributes; nowhere else may a value stand. */
export function html(parts: TemplateStringsArray, ...values: Content[]): Markup {
  return new Markup(String.raw({ raw: parts }, ...values.map(written)));
}
