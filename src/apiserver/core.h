#pragma once
#include <functional>

#include "k8scale/base/random.h"
#include "k8scale/base/time.h"
#include "resource_table.h"
#include "schema.h"
#include "store.h"

namespace k8scale::apiserver {

/// What the parts of the server share. Belongs to the server's thread.
struct Core {
  ResourceTable table;
  Schema schema;
  Store store;
  base::Random random;  ///< uids and generated names
  std::function<base::WallTime()> clock;
};

}  // namespace k8scale::apiserver
