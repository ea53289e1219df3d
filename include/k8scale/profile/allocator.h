#pragma once

namespace k8scale::profile {

/// Makes gperftools' malloc give back at once what is freed, and keep little ready for each thread: for
/// programs whose memory matters more than the last microsecond of an allocation. Does nothing where another
/// malloc is linked. For the whole process, from now on.
void keep_little_free_memory();

/// Gives the system back those pages of the heap that are in memory and hold nothing but zeros, as they do
/// again when they are next read: gperftools' malloc clears an index of 2 MiB when it begins, and uses a few
/// pages of it. For the beginning of a program: no other thread may run.
void give_back_empty_pages();

}  // namespace k8scale::profile
