#pragma once

namespace k8scale::base {

/// Takes the program's and its libraries' files out of this process's memory, as far as nothing was written
/// there: what is needed again comes back by itself, and what only the start needed stays away. For who has
/// started and is going to run for long. (A debugger's breakpoints are written there too, and go.)
void forget_start();

}  // namespace k8scale::base
