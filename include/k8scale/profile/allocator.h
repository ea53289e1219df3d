#pragma once

namespace k8scale::profile {

/// Makes gperftools' malloc give back at once what is freed, and keep little ready for each thread: for
/// programs whose memory matters more than the last microsecond of an allocation. Does nothing where another
/// malloc is linked. For the whole process, from now on.
void keep_little_free_memory();

}  // namespace k8scale::profile
