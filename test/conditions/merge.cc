// Merges slices with native/conditions.cc, one a line: begin and end in seconds, and what the counter of
// energy stood at then, in joules; at less than 0 where it did not answer. Prints the seconds and the joules
// of all.
#include <iostream>

#include "backend.h"

int main() {
  using namespace nameplate;
  Conditions all;
  double begin = 0, end = 0, first = 0, last = 0;
  while (std::cin >> begin >> end >> first >> last) {
    Conditions slice;
    slice.source = "nvml";
    slice.readings = {{.at = begin}, {.at = end}};
    slice.seconds = end - begin;
    if (first >= 0 && last >= 0) {
      slice.energyJoules = last - first;
      slice.energyCounter = last;
    }
    merge(all, slice);
  }
  std::cout << all.seconds << " " << (all.energyJoules ? std::to_string(*all.energyJoules) : "absent")
            << "\n";
}
