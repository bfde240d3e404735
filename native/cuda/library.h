// A shared library of the machine's, opened at run time and never closed: the driver and cuBLAS keep threads
// and exit handlers of their own, and unloading their code under them ends the process.
#pragma once

#include <optional>
#include <string>

namespace nameplate::cuda {

class SharedLibrary {
 public:
  // Opens `name`, a path or a name for the loader to find. On failure nothing is open and reason() says why.
  explicit SharedLibrary(const std::string& name);

  bool open() const { return handle_ != nullptr; }
  const std::string& reason() const { return reason_; }
  // Where the loader found it.
  std::string path() const;

  void* symbol(const char* name) const;
  template <typename Function>
  bool resolve(Function& function, const char* name) const {
    function = reinterpret_cast<Function>(symbol(name));
    return function != nullptr;
  }

 private:
  void* handle_ = nullptr;
  std::string reason_;
};

// What State::open() found when this was first asked. Never destroyed: buffers, watches and kernels may
// outlive the statics of a file.
template <typename State>
const State& openedOnce() {
  static const State* const once = [] {
    auto* made = new State;
    made->open();
    return made;
  }();
  return *once;
}

}  // namespace nameplate::cuda
