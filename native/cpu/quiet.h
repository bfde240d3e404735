// Waiting for other libraries' threads to go to sleep.
#pragma once

namespace nameplate::cpu {

// A library's threads stay awake after a call, in case another follows: OpenBLAS's some 30 ms, OpenMP's a
// few. Meanwhile they take a core from whoever is measured next. Returns when this process has let its
// processors rest, after a tenth of a second at most.
void awaitQuiet();

}  // namespace nameplate::cpu
