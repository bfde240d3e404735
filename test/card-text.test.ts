// What a reader of `nameplate cards` relies on: the figure, where it was read, and whether the arithmetic agrees.

import { describe, expect, it } from 'vitest';
import { cardText } from '../src/report/card.js';
import { cardListText } from '../src/report/cardList.js';
import { cards, figures, find, resources } from '../src/specs/index.js';

function text(id: string): string {
  const [card] = find(id);
  if (card === undefined) throw new Error(`no card ${id}`);
  return cardText(card, { color: false });
}

/** The line of a figure, with runs of blanks made one. */
function row(id: string, resource: string): string {
  const line = text(id)
    .split('\n')
    .find((line) => line.startsWith(`  ${resource} `));
  return (line ?? '').replace(/ +/g, ' ').trim();
}

describe('the text of a card', () => {
  it('gives value, accumulator, arithmetic and source in one line', () => {
    expect(row('a100-sxm4-80gb', 'tensor.bf16')).toMatch(
      /^tensor\.bf16 312 TFLOPS fp32 2048 x 108 x 1410 MHz 311\.87 TFLOPS -0\.0 % (\[\d+\])+$/,
    );
    expect(row('h100-sxm5-80gb', 'tensor.fp8')).toMatch(
      / 1978\.9 TFLOPS fp32 8192 x 132 x 1830 MHz 1978\.9 TFLOPS /,
    );
    expect(text('h100-sxm5-80gb')).toMatch(
      / memory +3352 GB\/s +5120 bit x 2 x 2619 MHz \/ 8 +3352\.3 GB\/s +\+0\.0 % /,
    );
  });

  it('tells the two clocks of Hopper apart', () => {
    expect(row('h100-sxm5-80gb', 'vector.fp32')).toContain('256 x 132 x 1980 MHz');
    expect(row('h100-sxm5-80gb', 'tensor.fp64')).toContain('256 x 132 x 1980 MHz');
    expect(row('h100-sxm5-80gb', 'tensor.tf32')).toContain('2048 x 132 x 1830 MHz');
  });

  it('lists every figure of every card, and nothing longer than a terminal is wide by much', () => {
    for (const card of cards()) {
      const lines = cardText(card, { color: false }).split('\n');
      for (const { resource, printed } of figures(card, resources)) {
        const line = lines.find(
          (line) => line.startsWith(`  ${resource} `) && line.includes(`${printed.unit}`),
        );
        expect(line, `${card.id} ${resource}`).toContain(`${printed.value} ${printed.unit}`);
      }
      const long = lines.filter((line) => line.length > 130 && !line.includes('http'));
      expect(long, card.id).toEqual([]);
    }
  });

  it('names the sources in full, with how far each was read', () => {
    expect(text('h100-sxm5-80gb')).toContain('NVIDIA H100 Tensor Core GPU Architecture (whitepaper)');
    expect(text('h100-sxm5-80gb')).toContain('quoted: read in a text that quotes it');
    expect(text('a100-sxm4-80gb')).toContain('NVIDIA A100 Tensor Core GPU Datasheet');
  });

  it('marks a recalled figure plainly, and only such', () => {
    expect(row('a30', 'tensor.bf16')).toMatch(/RECALLED$/);
    expect(row('h100-sxm5-80gb', 'tensor.bf16')).not.toContain('RECALLED');
    expect(text('a30')).toContain('RECALLED: not opened');
  });

  it('says which figures are derived, and how', () => {
    expect(row('h100-sxm5-80gb', 'link')).toMatch(/^link 63 GB\/s derived/);
    expect(text('h100-sxm5-80gb')).toContain('32 GT/s x 16 lanes x 128/130 / 8');
    expect(text('h100-sxm5-80gb')).toContain(
      'peer: NVLink 4, one direction: half of the documented 900 GB/s of both',
    );
  });

  it('says where the rates of the arithmetic were read, halved ones too', () => {
    const rates = (id: string) =>
      /\n(FLOP per clock and SM: .+\n[\s\S]*?)\n\n/.exec(text(id))?.[1]?.replace(/\s+/g, ' ') ?? '';
    expect(rates('a100-sxm4-80gb')).toMatch(
      /tensor\.fp64, tensor\.fp16, tensor\.fp16\.acc16, tensor\.bf16: \[\d+\]/,
    );
    expect(rates('rtx-4090')).toContain(
      "tensor.tf32, tensor.fp16, tensor.bf16, tensor.fp8: half of the architecture's (GeForce RTX 40: ",
    );
    expect(rates('t4')).toMatch(/^FLOP per clock and SM: Turing \(TU10x\) vector/);
    expect(rates('t4')).toContain('derived: T4 documented peaks / (40 SMs x 1590 MHz x 2)');
    expect(row('t4', 'tensor.fp16')).toMatch(/ 1024 x 40 x 1590 MHz 65\.126 TFLOPS \+0\.2 % \[\d+\]$/);
    expect(row('t4', 'tensor.int4')).toMatch(/ 4096 x 40 x 1590 MHz 260\.51 TOPS circular \[\d+\]$/);
    expect(rates('h20')).toBe('');
  });

  it('shows disagreement between documents and with the arithmetic', () => {
    expect(text('h100-sxm5-80gb')).toContain('memory: 3352 GB/s (h100-wp); 3350 GB/s');
    expect(text('h100-sxm5-80gb')).toContain('NVIDIA Hopper Architecture In-Depth');
    expect(row('l40s', 'tensor.int4')).toContain('+100.0 % differs');
    expect(row('h100-nvl-94gb', 'tensor.bf16')).toContain('circular');
  });

  it('says what is not given, and why', () => {
    expect(text('h100-sxm5-80gb')).toContain(
      'tensor.fp6, tensor.fp4, tensor.int4: not supported by this architecture',
    );
    expect(row('b200', 'tensor.bf16')).toContain('no clock is documented');
    expect(text('h100-sxm5-94gb')).toContain(
      'boost clock, l2 cache, power: no document or device report found',
    );
  });

  it('colours only when asked', () => {
    const [card] = find('l40s');
    if (card === undefined) throw new Error('no card l40s');
    expect(cardText(card, { color: false })).not.toContain('\u001b[');
    expect(cardText(card, { color: true })).toContain('\u001b[');
  });
});

describe('the list of cards', () => {
  const list = cardListText(cards(), { color: false });

  it('has a line for each card, with the figures people compare', () => {
    const line = list.split('\n').find((line) => line.includes('h100-sxm5-80gb'));
    expect(line).toMatch(/132 +1980 MHz +66\.9 TFLOPS +989\.4 TFLOPS +80 GB HBM3 +3352 GB\/s +high/);
    for (const { id } of cards()) expect(list).toContain(`  ${id} `);
  });

  it('marks recalled figures and shows no figure where none is documented', () => {
    expect(list.split('\n').find((line) => line.includes(' a30 '))).toContain('165 TFLOPS R');
    expect(list.split('\n').find((line) => line.includes(' h100-sxm5-94gb '))).not.toMatch(/TFLOPS|GB\/s/);
  });
});
