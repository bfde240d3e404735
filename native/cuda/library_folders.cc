#include "cuda/library_folders.h"

#include <glob.h>
#include <unistd.h>

#include <cstdlib>

namespace nameplate::cuda {
namespace {

// The folders of a list such as PATH.
std::vector<std::string> listed(const char* variable) {
  std::vector<std::string> folders;
  const char* list = setting(variable);
  std::string rest = list ? list : "";
  for (std::size_t colon; !rest.empty(); rest.erase(0, colon == rest.npos ? rest.size() : colon + 1)) {
    colon = rest.find(':');
    folders.push_back(rest.substr(0, colon));
  }
  return folders;
}

// Folders that a shell pattern names, the last in order first: cuda-13.1 before cuda-12.8.
void addMatches(std::vector<std::string>& folders, const std::string& pattern) {
  glob_t found{};
  if (glob(pattern.c_str(), GLOB_ONLYDIR, nullptr, &found) == 0)
    for (std::size_t i = found.gl_pathc; i > 0; --i) folders.emplace_back(found.gl_pathv[i - 1]);
  globfree(&found);
}

// Where Python keeps packages under `root`, and in them NVIDIA's wheels keep libraries.
void addPackages(std::vector<std::string>& folders, const std::string& packages) {
  for (const char* wheel :
       {"/nvidia/cu13/lib", "/nvidia/cublas/lib", "/nvidia/cusparselt/lib", "/cusparselt/lib"})
    addMatches(folders, packages + wheel);
}
void addPython(std::vector<std::string>& folders, const std::string& root) {
  for (const char* packages : {"/lib/python3*/site-packages", "/lib/python3*/dist-packages"})
    addPackages(folders, root + packages);
}

}  // namespace

const char* setting(const char* name) {
  const char* value = std::getenv(name);
  return value && *value ? value : nullptr;
}

std::vector<std::string> libraryFolders() {
  std::vector<std::string> folders;
  for (const char* variable : {"CUDA_PATH", "CUDA_HOME"})
    if (const char* root = setting(variable)) folders.push_back(std::string(root) + "/lib64");
  addMatches(folders, "/usr/local/cuda*/lib64");
  for (const char* folder : {"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64",
                             "/usr/lib", "/opt/cuda/lib64"})
    addMatches(folders, folder);
  for (const char* variable : {"VIRTUAL_ENV", "CONDA_PREFIX"})
    if (const char* root = setting(variable)) addPython(folders, root);
  if (const char* conda = setting("CONDA_PREFIX")) addMatches(folders, std::string(conda) + "/lib");
  for (const std::string& packages : listed("PYTHONPATH")) addPackages(folders, packages);
  // An environment need not be activated: its python3 may just be the first on PATH.
  for (const std::string& programs : listed("PATH"))
    if (programs.ends_with("/bin") && access((programs + "/python3").c_str(), X_OK) == 0) {
      const std::string root = programs.substr(0, programs.size() - 4);
      addPython(folders, root);
      addMatches(folders, root + "/lib");  // Conda's
    }
  if (const char* home = setting("HOME")) addPython(folders, std::string(home) + "/.local");
  addPython(folders, "/usr/local");
  addPython(folders, "/usr");
  return folders;
}

}  // namespace nameplate::cuda
