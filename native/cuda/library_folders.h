// Where NVIDIA's libraries lie that come with a toolkit or in Python's packages, and not with the driver.
#pragma once

#include <string>
#include <vector>

namespace nameplate::cuda {

// The value of an environment variable; null where it is unset or empty.
const char* setting(const char* name);

// Folders that the loader does not search by itself, in the order to try them.
std::vector<std::string> libraryFolders();

}  // namespace nameplate::cuda
