#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "k8scale/base/result.h"
#include "k8scale/base/time.h"
#include "k8scale/kube/client.h"
#include "k8scale/load/run_object.h"
#include "k8scale/net/task.h"

namespace k8scale::load {

/// A text that a part of a run leaves on the server, for whoever puts the parts together: the value of
/// `summary.json` in the ConfigMap RUNID-summary-I. What is longer than a ConfigMap may be goes on in
/// RUNID-summary-I.2 and so on; each of these says in `pieces` how many there are. Belongs to the client's
/// shard; what is passed by reference must outlive it.
class PartText {
 public:
  struct Options {
    std::string run_id;
    std::uint64_t part = 1;                 ///< from 1
    std::optional<JobOwner> owner;          ///< nothing: it belongs to nobody
    std::size_t longest_piece = 1'000'000;  ///< bytes, > 0
    base::Nanoseconds first_pause =
        std::chrono::milliseconds(100);  ///< after a failure; then doubled, to 5 s
  };

  PartText(kube::Client& client, std::string_view namespace_name, Options options);

  /// Whether `store` may do its work, and nothing is there yet. What a former Job of the same name left is
  /// removed.
  [[nodiscard]] net::Task<base::Result<void>> check();
  /// Stores it, which must be ASCII. What may do better is tried again until `give_up`. What another process
  /// stored stays, and that is a failure.
  [[nodiscard]] net::Task<base::Result<void>> store(std::string text, base::SteadyTime give_up);

 private:
  // What is where a piece should go.
  enum class Found { unknown, same, removed, other };

  [[nodiscard]] std::string name_of(std::size_t piece) const;
  [[nodiscard]] net::Task<Found> look(std::string name, std::string expected);
  [[nodiscard]] net::Task<base::Result<void>> store_piece(std::string name, RunObject object,
                                                          base::SteadyTime give_up);
  [[nodiscard]] base::Failure there_already() const;

  kube::Client& client_;
  kube::Collection collection_;
  std::string namespace_name_;
  Options options_;
};

/// A text of a part, put together again.
struct StoredText {
  std::string name;  ///< of the ConfigMap
  std::string text;
};
/// Those of a run, by their part. A failure of kind protocol: a piece is missing, or something else is there.
[[nodiscard]] net::Task<base::Result<std::vector<StoredText>>> stored_texts(kube::Client& client,
                                                                            std::string namespace_name,
                                                                            std::string run_id);

}  // namespace k8scale::load
