// Threads of our own: a system that refuses one is a condition of the machine, and the error says what to
// change about it.
#pragma once

#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "backend.h"

namespace nameplate {

// Throws EAGAIN, which is what the system answers under every limit.
template <class Body>
std::thread startThread(Body body) {
  try {
    return std::thread(std::move(body));
  } catch (const std::system_error& refused) {
    throw Error("EAGAIN",
                std::string("the system starts no more threads for this process (") + refused.what() +
                    "): allow it more of them (ulimit -u, or pids.max of its control group) or more memory "
                    "(ulimit -v)");
  }
}

}  // namespace nameplate
