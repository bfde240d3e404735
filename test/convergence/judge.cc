// Prints what native/convergence.cc says of sets of samples, each a line of numbers on stdin.
//   judge PRECISION    a line for each: independent samples, relative half-width, whether that is precise
#include "convergence.h"

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>

using namespace nameplate;

int main(int, char** arguments) {
  const double precision = std::atof(arguments[1]);
  for (std::string line; std::getline(std::cin, line);) {
    std::vector<double> values;
    std::istringstream numbers(line);
    for (double value = 0; numbers >> value;) values.push_back(value);
    std::printf("%zu %.17g %s\n", independentSamples(values), relativeHalfWidth(values),
                precise(values, precision) ? "precise" : "unsure");
  }
}
