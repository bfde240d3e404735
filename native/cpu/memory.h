// Host memory as a Buffer, refused before it would hurt.
//
// Linux promises memory that it does not have and kills a process at the first touch that it cannot serve. So
// the bytes are compared with what is available first, and every page is touched at once: the next
// allocation then sees this one, and no launch pays for page faults.
#pragma once

#include <cstddef>

#include "backend.h"
#include "cpu/threads.h"

namespace nameplate::cpu {

// Bytes of memory that this process may use, by the machine or by its control group.
std::size_t memoryBytes();

// Bytes that can be allocated now without endangering the process.
std::size_t availableBytes();

// Throws ENOMEM where a row would take more host memory than that. Asked before a driver pins it: pages that
// a driver touches are taken from the control group just the same.
void requireAvailable(double rowBytes);

class HostBuffer : public Buffer {
 public:
  // Aligned to 64 bytes or more. The contents are not defined. Throws ENOMEM.
  HostBuffer(std::size_t bytes, Threads&);
  ~HostBuffer() override;
  // How much of it the system put into huge pages: with small ones, a random access also waits for the page
  // table.
  std::string where() const override;

  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(address_);
  }

 private:
  void* memory_;  // as the system gave it
};

}  // namespace nameplate::cpu
