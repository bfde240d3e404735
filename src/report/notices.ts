// What a reader should know of a row beside its verdict: how its samples behaved, and what else went on meanwhile.

import { aboveCeiling } from '../judge/ceiling.js';
import { othersSeen } from '../judge/otherProcesses.js';
import type { Row } from '../row.js';
import { formatCount, formatPercent, formatRate } from '../units.js';

/** Sentences without their full stop; none where the samples only scattered and nothing else went on. */
export function notices(row: Row): string[] {
  const { shape, kernel, statistics, conditions, ceiling, unit, dtype } = row;
  const isPeer = 'peer' in shape;
  const { drift = null, modes = null, stragglers = 0 } = statistics ?? {};
  const { correctedErrors, link, nvlinks } = conditions ?? {};
  const levels = modes?.map(
    ({ median, share }) => `${formatRate(median, unit, dtype)} (${formatPercent(share)} of the samples)`,
  );
  // A bridge may reach fewer links than the chip has: only where a document counts those that it reaches, one is missing.
  const wanted = row.documented?.nvlinks ?? 0;
  // Which way the copies took, NVLink or PCI Express, is what tells one rate from the other.
  const way = isPeer && kernel !== null && [kernel.name, kernel.note].filter(Boolean).join('; ');
  return [
    alone(row),
    way,
    isPeer && lostOnTheWay(row),
    isPeer && lostInMemory(row),
    beyondDocument(row),
    besideNear(row),
    ceiling !== null && aboveCeiling(ceiling),
    drift !== null &&
      `${unit === 's' ? 'time' : 'rate'} ${drift > 0 ? 'rose' : 'fell'} by ${formatPercent(Math.abs(drift), 1)} within the window`,
    levels !== undefined && `samples have two levels: ${levels.join(' and ')}`,
    stragglers > 0 &&
      `${stragglers} of ${statistics?.samples} samples ${stragglers === 1 ? 'was' : 'were'} far slower than the rest`,
    besideVerdict(row),
    !!correctedErrors && `${formatCount(correctedErrors, 'ECC error')} corrected meanwhile`,
    !!link?.replays && `${formatCount(link.replays, 'PCI Express replay')} meanwhile`,
    !!nvlinks && nvlinks.active < wanted && `${nvlinks.active} of ${wanted} NVLinks active`,
  ].filter((notice) => typeof notice === 'string');
}

/** Others on the device, unless the reason that is printed beside the verdict has named them as a possible cause. */
function besideVerdict({ conditions, verdict, attribution }: Row): string | null {
  const seen = conditions && othersSeen(conditions);
  const reason = verdict.status === 'pass' ? (attribution?.summary ?? '') : verdict.why;
  return seen !== null && reason.includes(seen) ? null : seen;
}

function alone({ rate, priorFailure, verdict }: Row): string | false {
  if (priorFailure === null) return false;
  const { code, why } = priorFailure;
  const same = verdict.status === 'failed' && verdict.code === code && verdict.why === why;
  const how = rate === null ? 'asked again, alone' : 'measured alone';
  return `${how}: while the providers took turns, ${same ? 'the same' : `${code}: ${why}`}`;
}

/**
 * An IOMMU that translates, or ACS, sends copies over PCI Express elsewhere, while the driver answers that the peer is
 * reached and that the copy went well (NVIDIA's "PCIe Multi-GPU Systems"; it asks since CUDA 13.5). No card is at fault then.
 */
function lostOnTheWay(row: Row): string | false {
  if (row.verdict.status !== 'corrupted' || ofMemory(row) || row.kernel?.name.includes('NVLink'))
    return false;
  return 'over PCI Express an IOMMU or ACS may have lost the copy, and no card: dmesg | grep -e DMAR -e IOMMU shows it, iommu=pt cures it';
}

function lostInMemory(row: Row): string | false {
  return row.verdict.status === 'corrupted' && ofMemory(row) && eitherMemory;
}

/** What is corrupted without a difference lost its contents in memory; the peer's errors count with the device's own. */
const ofMemory = ({ verification, conditions }: Row) =>
  !verification?.differences || !!conditions?.uncorrectedErrors;

/** Of a copy to another GPU: its memory or the device's own. */
export const eitherMemory = "in this device's memory or in the peer's: nvidia-smi -q -d ECC tells whose";

function beyondDocument({ documented, attribution }: Row): string | false {
  if (documented === null || documented.upTo === 1 || (attribution?.ofSpec ?? 0) <= 1) return false;
  return `the document gives ${formatPercent(1 / documented.upTo)} of the rate that such cards were measured at`;
}

function besideNear({ rate, ratioToNear, unit, dtype }: Row): string | false {
  if (rate === null || ratioToNear === null) return false;
  const difference = formatPercent(Math.abs(1 - ratioToNear), 1);
  const way = ratioToNear > 1 ? 'above' : 'below';
  return `${difference} ${way} the ${formatRate(rate / ratioToNear, unit, dtype)} of the device's own NUMA node`;
}
