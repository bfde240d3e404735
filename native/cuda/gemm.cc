#include "cuda/gemm.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "cuda/tuning.h"
#include "kernels/sparse.h"

namespace nameplate::cuda {
namespace {

using Candidates = std::vector<const GemmConfiguration*>;

std::string capabilityText(int capability) {
  return std::to_string(capability / 10) + "." + std::to_string(capability % 10);
}

// The configurations of a format that a device of `capability` has.
Candidates configurationsFor(const GemmShape& shape, int capability) {
  Candidates found;
  for (const GemmConfiguration& row : gemmConfigurations())
    if (row.dtype == shape.dtype && row.accumulator == shape.accumulator && row.sparse == shape.sparse &&
        row.from <= capability && capability <= row.to)
      found.push_back(&row);
  return found;
}

[[noreturn]] void refuse(const GemmShape& shape, const Context& context) {
  const GemmConfiguration* nearest = nullptr;  // the oldest devices that have the format
  for (const GemmConfiguration& row : gemmConfigurations())
    if (row.dtype == shape.dtype && row.accumulator == shape.accumulator && row.sparse == shape.sparse &&
        (!nearest || row.from < nearest->from))
      nearest = &row;
  if (!nearest) throw Unsupported("there is no GEMM in " + gemmText(shape));
  if (nearest->from <= context.capability())
    throw Unsupported("no kernel of ours multiplies " + gemmText(shape) + " on compute capability " +
                      context.capabilityText());
  throw Unsupported(std::string(nearest->needs) + " need compute capability " +
                    capabilityText(nearest->from) + "; this device has " + context.capabilityText());
}

// A part of the name of the kernels that may be taken, for checks and benches; null for no such wish.
const char* askedName() {
  const char* const part = std::getenv("NAMEPLATE_KERNEL");
  return part && *part ? part : nullptr;
}

struct Fitting {
  Candidates candidates;  // of one family
  std::string refused;    // what better families could not take of the shape
};

Fitting fitting(const GemmShape& shape, const Context& context) {
  Candidates all = configurationsFor(shape, context.capability());
  if (all.empty()) refuse(shape, context);
  requireStepsOfK(shape);
  const char* const part = askedName();
  if (!part) {
    std::erase_if(all, [](const GemmConfiguration* row) { return row->onlyNamed; });
  } else {
    std::erase_if(all, [part](const GemmConfiguration* row) { return !std::strstr(row->kernel, part); });
    if (all.empty())
      throw Unsupported("no kernel of " + gemmText(shape) + " has \"" + part +
                        "\" in its name, as NAMEPLATE_KERNEL asks");
  }
  Fitting found;
  std::string_view refusing;  // the family that spoke last: its sizes of tile say the same
  for (const GemmConfiguration* row : all) {
    if (!found.candidates.empty() && std::string_view(found.candidates.front()->family) != row->family) break;
    const std::string refusal = row->launcher.refusal(*row, shape);
    if (refusal.empty()) {
      found.candidates.push_back(row);
    } else if (refusing != row->family) {
      refusing = row->family;
      found.refused += (found.refused.empty() ? "" : "; ") + std::string(row->family) + ": " + refusal;
    }
  }
  if (found.candidates.empty()) throw Error("ERANGE", found.refused);
  return found;
}

// Moves the heuristic's pick to the front.
void pickFirst(Candidates& candidates, const GemmShape& shape, const Context& context) {
  const std::size_t picked = candidates.front()->launcher.pick(candidates, shape, context.multiprocessors());
  const auto pick = candidates.begin() + static_cast<std::ptrdiff_t>(picked);
  std::rotate(candidates.begin(), pick, pick + 1);
}

std::string cutText(const GemmConfiguration& configuration, const GemmShape& shape, const Context& context) {
  return configuration.launcher.cut(configuration, shape, context.multiprocessors());
}

std::string kernelsText(const Candidates& candidates, const Tuning& tuning, const GemmShape& shape,
                        const Context& context) {
  std::string text;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const std::string cut = cutText(*candidates[i], shape, context);
    text += (text.empty() ? "" : ", ") + std::string(candidates[i]->kernel) +
            (cut.empty() ? "" : " with " + cut) + " " + tuning.timeOf(i);
  }
  return text;
}

}  // namespace

std::string gemmText(const GemmShape& shape) {
  const std::string name(row(shape.dtype).name);
  if (shape.sparse) return name + " with 2:4 sparsity";
  switch (shape.accumulator) {
    case Accumulator::full:
      return name;
    case Accumulator::half:
      return name + " with an fp16 accumulator";
    case Accumulator::fast:
      return name + " with fast accumulation";
  }
  return name;
}

std::string shapeText(const GemmShape& shape) {
  return gemmText(shape) + " of M " + std::to_string(shape.m) + ", N " + std::to_string(shape.n) + ", K " +
         std::to_string(shape.k) + " (leading dimensions " + std::to_string(shape.lda) + ", " +
         std::to_string(shape.ldb) + ", " + std::to_string(shape.ldc) + ")";
}

void requireStepsOfK(const GemmShape& shape) {
  const std::size_t step = sparseStepOfK(static_cast<unsigned>(row(shape.dtype).bytes));
  if (shape.sparse && shape.k % step != 0)
    throw Unsupported(gemmText(shape) + " takes K in multiples of " + std::to_string(step));
}

std::string gemmResource(const GemmShape& shape, int capability) {
  const Candidates found = configurationsFor(shape, capability);
  return found.empty() ? "none" : found.front()->resource;
}

bool hasGemm(const GemmShape& shape, int capability) {
  return !configurationsFor(shape, capability).empty();
}

// An image for an older device, which the driver may have fallen back to, can lack some of the kernels.
BuiltinGemm::Candidates BuiltinGemm::held(const Candidates& candidates) {
  Candidates found;
  std::optional<Unsupported> refusal;
  for (const GemmConfiguration* candidate : candidates) try {
      kernels_.find(candidate->family, candidate->kernel);
      found.push_back(candidate);
    } catch (const Unsupported& error) {
      if (!refusal) refusal = error;
    }
  if (found.empty()) throw *refusal;
  return found;
}

BuiltinGemm::Choice BuiltinGemm::timed(const Candidates& candidates, const GemmShape& shape,
                                       const Operands& operands) {
  std::vector<std::function<void(const Operands&)>> launches;
  for (const GemmConfiguration* candidate : candidates)
    launches.push_back(candidate->launcher.prepare(kernels_.find(candidate->family, candidate->kernel),
                                                   *candidate, shape, workspace_));
  const auto tuning = tune(kernels_.context(), candidates.size(), [&](std::size_t i) {
    launches[i](operands);
    return true;
  });
  if (!tuning) throw Error("EIO", "no candidate ran");
  return {candidates[tuning->fastest],
          tuning->text() + ": " + kernelsText(candidates, *tuning, shape, *kernels_.context())};
}

BuiltinGemm::Choice BuiltinGemm::choose(const GemmShape& shape, const Operands* tuneOn) {
  // What was chosen among all is no answer to who asks for some, nor the other way round.
  const bool asked = askedName() != nullptr;
  if (const auto known = chosen_.find(shape); !asked && known != chosen_.end()) return known->second;
  const Fitting found = fitting(shape, *kernels_.context());
  Candidates candidates = held(found.candidates);
  if (candidates.size() > 1) pickFirst(candidates, shape, *kernels_.context());
  Choice choice{candidates.front(), ""};
  const bool canTime = tuneOn && candidates.size() > 1 && shape.m > 0 && shape.n > 0;
  if (canTime)
    choice = timed(candidates, shape, *tuneOn);
  else if (candidates.size() > 1)
    choice.why = "the heuristic's pick of " + std::to_string(candidates.size());
  if (!found.refused.empty()) choice.why += (choice.why.empty() ? "" : "; ") + found.refused;
  if (canTime && !asked) chosen_.emplace(shape, choice);
  return choice;
}

Kernel BuiltinGemm::gemm(const GemmShape& shape, const Operands* tuneOn) {
  const auto [configuration, why] = choose(shape, tuneOn);
  const OwnKernel own = kernels_.find(configuration->family, configuration->kernel);
  Kernel kernel;
  kernel.name = std::string(configuration->kernel) + " (" + own.image() + ")";
  kernel.resource = configuration->resource;
  kernel.tuned = false;
  const std::string cut = cutText(*configuration, shape, *kernels_.context());
  kernel.note = configuration->note + (cut.empty() ? "" : "; " + cut) + (why.empty() ? "" : "; " + why);
  kernel.launch = [](const Operands&) {};
  if (shape.m > 0 && shape.n > 0)
    kernel.launch = configuration->launcher.prepare(own, *configuration, shape, workspace_);
  return kernel;
}

}  // namespace nameplate::cuda
